"""The reaper's code as AWS Lambda takes it: `tideform.reaper`, and of each backend the package ``in_account``.

The packages around them are empty there: nothing else of ours may be imported. What others' packages bring comes under
its own name, and with the entry points by which it is found (`reaper.parts`).

Pulumi makes one and the same zip of the same texts everywhere: members in order, at one fixed time, without owners and
modes. A text depends on the source alone, not on the folder, the time stamps or the umask that it was unpacked with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tideform.reaper.parts import GROUP, others

HANDLER: Final = "tideform.reaper.handler.handler"
_ROOT: Final = Path(__file__).parents[2]
_BACKENDS: Final = Path("backends", "training")
_METADATA: Final = Path("tideform_backends-0.dist-info")


def package(root: Path = _ROOT) -> dict[str, str]:
    """Texts by their path in the package, sorted; ``root`` is the folder of the package ``tideform``."""
    parts = sorted((root / _BACKENDS).glob("*/in_account"))
    sources = {path for folder in (root / "reaper", *parts) for path in folder.rglob("*.py")} | {root / "__init__.py"}
    texts = {path.relative_to(root.parent): _text(path) for path in sources}
    theirs = others()
    for name in theirs.values():
        texts |= _their_own(name)
    whole = _with_packages(texts) | (_entry_points(theirs) if theirs else {})
    return {path.as_posix(): text for path, text in sorted(whole.items())}


def _their_own(name: str) -> dict[Path, str]:
    """The modules of a package that is not ours. Raises `ModuleNotFoundError` where it is not installed."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"no package {name}, which is an entry point of {GROUP}", name=name)
    folder, place = Path(next(iter(spec.submodule_search_locations))), Path(*name.split("."))
    return {place / path.relative_to(folder): _text(path) for path in folder.rglob("*.py")}


def _with_packages(texts: Mapping[Path, str]) -> dict[Path, str]:
    """The packages around the modules are empty."""
    return {**dict.fromkeys(_around(texts), "\n"), **texts}


def _around(paths: Iterable[Path]) -> set[Path]:
    return {folder / "__init__.py" for path in paths for folder in path.parents if folder.name}


def _entry_points(packages: Mapping[str, str]) -> dict[Path, str]:
    """https://packaging.python.org/en/latest/specifications/entry-points/"""
    lines = (f"{backend} = {name}\n" for backend, name in sorted(packages.items()))
    return {
        _METADATA / "METADATA": "Metadata-Version: 2.1\nName: tideform-backends\nVersion: 0\n",
        _METADATA / "entry_points.txt": f"[{GROUP}]\n{''.join(lines)}",
    }


def _text(path: Path) -> str:
    """An empty asset is none to Pulumi, so an empty module is a line."""
    return path.read_text(encoding="utf-8") or "\n"
