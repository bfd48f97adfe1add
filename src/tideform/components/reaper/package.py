"""The reaper's code as AWS Lambda takes it: `tideform.reaper`, and of each backend the folder ``in_account``. Pure.

The packages around them are empty there: nothing else of ours may be imported.

Pulumi makes one and the same zip of the same texts everywhere: members in order, at one fixed time, without owners and
modes. A text depends on the source alone, not on the folder, the time stamps or the umask that it was unpacked with.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

HANDLER: Final = "tideform.reaper.handler.handler"
_ROOT: Final = Path(__file__).parents[2]
_BACKENDS: Final = Path("backends", "training")


def package(root: Path = _ROOT) -> dict[str, str]:
    """Texts by their path in the package, sorted; ``root`` is the folder of the package ``tideform``."""
    parts = sorted((root / _BACKENDS).glob("*/in_account"))
    found = {path for folder in (root / "reaper", *parts) for path in folder.rglob("*.py")} | {root / "__init__.py"}
    sources = {path.relative_to(root) for path in found}
    around = {folder / "__init__.py" for path in sources for folder in path.parents} - sources
    texts = {path: _text(root / path) for path in sources} | dict.fromkeys(around, "\n")
    return {f"tideform/{path.as_posix()}": text for path, text in sorted(texts.items())}


def _text(path: Path) -> str:
    """An empty asset is none to Pulumi, so an empty module is a line."""
    return path.read_text(encoding="utf-8") or "\n"
