"""What the engine is doing, as it does it: a live table on a terminal, plain lines everywhere else.

Events come from several threads. Whatever happens to the run, leaving the view gives the terminal back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final

from tideform.model.engine import OnProgress, Progress
from tideform.model.planned import terraform_type
from tideform.views.lines import Line, animated, neutral, plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Clock = Callable[[], float]

_WORDS: Final = {  # the engine's operation: while it runs, and when it is done
    "create": ("creating", "created"),
    "update": ("updating", "updated"),
    "delete": ("destroying", "destroyed"),
    "create-replacement": ("creating replacement", "created replacement"),
    "delete-replaced": ("destroying replaced", "destroyed replaced"),
    "import": ("importing", "imported"),
    "import-replacement": ("importing replacement", "imported replacement"),
    "refresh": ("reading", "read"),
}
_LOGICAL: Final = {"replace", "same", "discard-replaced", "remove-pending-replace"}  # nothing happens in the cloud


@dataclass
class Tracker:
    """Turns events into lines, and knows what runs and since when. Safe to call from several threads."""

    clock: Clock = time.monotonic
    running: dict[str, tuple[str, float]] = field(default_factory=dict)
    done: int = 0
    _lock: Lock = field(default_factory=Lock)

    def line(self, event: Progress) -> Line | None:
        """What to print for one event; None for a step that does nothing in the cloud."""
        if event.action in _LOGICAL:
            return None
        label = f"{event.program}: {terraform_type(event.type)}.{event.name}"
        doing, done = _WORDS.get(event.action, (event.action, f"{event.action} done"))
        key = f"{label} {event.action}"
        with self._lock:
            now = self.clock()
            if event.state == "started":
                self.running[key] = (f"{label} {doing}", now)
                return plain(f"{label} {doing}…", style="dim")
            _, since = self.running.pop(key, ("", now))
            if event.state == "failed":
                why = f": {event.detail}" if event.detail else ""
                return plain(f"{label} {doing} failed after {elapsed(now - since)}{why}", style="bold red")
            self.done += 1
            return plain(f"{label} {done} ({elapsed(now - since)})")

    def snapshot(self) -> list[tuple[str, str]]:
        """What runs now, and for how long."""
        with self._lock:
            now = self.clock()
            return [(label, elapsed(now - since)) for label, since in self.running.values()]


@contextmanager
def progress(console: Console, clock: Clock = time.monotonic) -> Iterator[OnProgress]:
    """A listener for progress that writes to the console while the block runs."""
    tracker = Tracker(clock)
    with _live(console, tracker) if animated(console) else _lines(console, tracker) as listener:
        yield listener


@contextmanager
def _lines(console: Console, tracker: Tracker) -> Iterator[OnProgress]:
    from tideform.views.lines import emit

    def listener(event: Progress) -> None:
        if line := tracker.line(event):
            emit([line], console)
            console.file.flush()  # a log that is followed shows each step when it happens

    yield listener


@contextmanager
def _live(console: Console, tracker: Tracker) -> Iterator[OnProgress]:
    from rich.live import Live

    from tideform.views.lines import emit

    def listener(event: Progress) -> None:
        line = tracker.line(event)
        if line and event.state != "started":
            emit([line], live.console)

    with Live(console=console, get_renderable=lambda: _table(tracker), transient=True) as live:
        yield listener


def _table(tracker: Tracker) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 1))
    for label, took in tracker.snapshot():
        table.add_row(Text(neutral(label), overflow="ellipsis", no_wrap=True), Text(took, style="cyan"))
    return table


def elapsed(seconds: float) -> str:
    """``4s``, ``2m05s``, ``1h02m``."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}m{rest:02}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02}m"
