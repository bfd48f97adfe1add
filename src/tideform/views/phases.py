"""Which program is being previewed: a line that changes on a terminal, nothing elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tideform.views.lines import animated, neutral

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def phases(console: Console) -> Iterator[Callable[[str], None]]:
    """A listener for program keys, to be given to `make_plan`; safe to call from several threads."""
    if not animated(console):
        yield lambda _: None
        return
    from rich.markup import escape

    with console.status("Planning…") as status:
        yield lambda key: status.update(f"Planning {escape(neutral(key))}…")
