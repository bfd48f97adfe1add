"""The reaper's code as AWS Lambda takes it: the sources of `tideform.reaper`, and the packages around it. Pure.

Pulumi makes one and the same zip of the same texts everywhere: members in order, at one fixed time, without owners and
modes. A text depends on the source alone, not on the folder, the time stamps or the umask that it was unpacked with.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

HANDLER: Final = "tideform.reaper.handler.handler"
_ROOT: Final = Path(__file__).parent.parent
_FOLDER: Final = Path("burst", "reaper")


def package(root: Path = _ROOT) -> dict[str, str]:
    """Texts by their path in the package, sorted; ``root`` is the folder of the package ``tideform``."""
    around = [Path("__init__.py"), Path("burst", "__init__.py")]
    sources = sorted(path.relative_to(root) for path in (root / _FOLDER).rglob("*.py"))
    return {f"tideform/{path.as_posix()}": _text(root / path) for path in (*around, *sources)}


def _text(path: Path) -> str:
    """An empty asset is none to Pulumi, so an empty module is a line."""
    return path.read_text(encoding="utf-8") or "\n"
