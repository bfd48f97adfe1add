"""What a wait says of itself: nothing that is over in a moment, then what it is for, and that again now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tideform.burst.halt import Say

_MOMENT = 10.0  # seconds
AGAIN = 300.0  # seconds


@dataclass
class Waiting:
    """Told through ``say`` once it has lasted ``after`` seconds, when its words change, and every ``again`` seconds."""

    say: Say
    after: float = _MOMENT
    again: float = AGAIN
    clock: Callable[[], float] = time.monotonic
    _since: float | None = field(default=None, init=False)
    _told: str = field(default="", init=False)
    _next: float = field(default=0.0, init=False)

    def on(self, words: str) -> None:
        """To be called at every look; ``words`` are a sentence of what is waited for, empty where nothing is."""
        now = self.clock()
        self._since = (self._since if self._since is not None else now) if words else None
        if self._since is None:
            self._told = ""
        elif now - self._since >= self.after and (words != self._told or now >= self._next):
            self.say(words)
            self._told, self._next = words, now + self.again
