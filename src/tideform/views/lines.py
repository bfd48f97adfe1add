"""Lines of output before they meet a terminal, and the cleaning of text that others wrote.

A view makes `Line` values, which tests read as plain text; `emit` is the one place that colours them. Names
and values come from specs and clouds, so nothing reaches a terminal before `neutral` has made its control
characters visible.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import Console

_STYLES: Final = {"+": "green", "-": "red", "~": "yellow", "-/+": "red", "+/-": "red", "#": "bold"}


def neutral(text: str) -> str:
    """Show what is not printable (controls, reversed reading order, zero width) as an escape such as ``\\x1b``."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if "\ud800" <= char <= "\udfff" else char.encode("unicode_escape").decode()


@dataclass(frozen=True)
class Line:
    """One line: ``mark`` (``+``, ``~``…) right before the text, four columns for each step of ``depth``.

    ``note`` follows as a comment in a colour of its own. A line without text is an empty one.
    """

    text: str = ""
    mark: str = ""
    depth: int = 0
    note: str = ""
    style: str = ""

    @property
    def lead(self) -> str:
        """What stands left of the text."""
        return f"{self.mark:>{4 * self.depth + 3}} " if self.depth >= 0 else ""

    def __str__(self) -> str:
        note = f" # {self.note}" if self.note else ""
        return f"{self.lead}{neutral(self.text + note)}".rstrip()


def plain(text: str = "", *, style: str = "") -> Line:
    """A line at the left edge, for titles and sentences."""
    return Line(text, depth=-1, style=style)


def animated(console: Console) -> bool:
    """Whether what changes in place is seen: on a terminal, but not where FORCE_COLOR asks for colours in a pipe."""
    return console.is_terminal and console.is_interactive


def emit(lines: Iterable[Line], console: Console) -> None:
    """Print the lines; the console knows whether colours are wanted and possible."""
    if not console.is_terminal:  # 36,000 lines of a large plan take seconds through the markup of a terminal
        _write(lines, console)
        return
    from rich.text import Text

    for line in lines:
        text = Text(line.lead, style=_STYLES.get(line.mark, ""))
        text.append(neutral(line.text), style=line.style or ("bold" if line.mark == "#" else ""))
        if line.note:
            text.append(f" # {neutral(line.note)}", style="red")
        text.rstrip()
        console.print(text, soft_wrap=True, highlight=False, markup=False, emoji=False)


def _write(lines: Iterable[Line], console: Console) -> None:
    text = "".join(f"{line}\n" for line in lines)
    encoding = getattr(console.file, "encoding", None) or "utf-8"
    console.file.write(text.encode(encoding, "backslashreplace").decode(encoding))
