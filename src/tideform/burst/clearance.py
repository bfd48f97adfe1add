"""How all capacity of one pool goes: step by step, whatever a service refuses, until a receipt proves it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass

from tideform.burst.halt import Pause, Say, silent
from tideform.burst.receipt import Receipt
from tideform.burst.runner import Runner
from tideform.burst.waiting import Waiting
from tideform.errors import CloudError, LeftoversError, TideformError
from tideform.reaper.fence import Check, fenced
from tideform.spec.deployment import Deployment

_REMOVALS = 3  # attempts at removing a pool's definitions


def nobody() -> None:
    """Without a table no process is fenced off, and none waits for another."""


def _no_lock(_pool: str, _pause: Pause) -> AbstractContextManager[object]:
    return nullcontext()


@dataclass(frozen=True)
class Hooks:
    """What a burst needs of the engine: the pool's own stack applied and destroyed, and its lock.

    ``apply`` and ``destroy`` take a pool's name and matter for ``between_bursts: remove`` only; ``lock`` takes it, too,
    guards changes of its capacity, and waits for others by the pause that it is given.
    """

    apply: Callable[[str], None] = silent
    destroy: Callable[[str], None] = silent
    lock: Callable[[str, Pause], AbstractContextManager[object]] = _no_lock


@dataclass(frozen=True)
class Patience:
    """How long a teardown may take, and how often it looks, in seconds."""

    limit: float = 900.0
    poll: float = 5.0

    @classmethod
    def of(cls, deployment: Deployment) -> Patience:
        """The sandbox ends things at once."""
        return cls(limit=60.0, poll=0.2) if deployment.target == "local" else cls()


@dataclass(frozen=True)
class Clearance:
    """``receipt`` asks what the pool still has; where it ``removes`` them its definitions go after it.

    Each ``mine`` raises `FencedError` once what stands is no longer its caller's to end.
    """

    pool: str
    runner: Runner
    receipt: Callable[[], Receipt]
    patience: Patience
    removes: Callable[[], bool]
    hooks: Hooks
    say: Say

    def drain(self, mine: Check) -> None:
        """What costs money goes, for as long as patience lasts. What a service refuses is for the `clear` after it."""
        self._drain(time.monotonic() + self.patience.limit, mine)

    @contextmanager
    def locked(self, pause: Pause) -> Iterator[None]:
        """The pool's lock; where it cannot even be written (a full disk), what costs money goes without it."""
        with ExitStack() as held:
            try:
                held.enter_context(self.hooks.lock(self.pool, pause))
            except OSError as error:
                self.say(f"The lock cannot be written ({error.strerror or error}): the capacity goes without it.")
            yield

    def clear(self, mine: Check) -> Receipt:
        """All of it, under the lock, and the receipt that proves it. Raises `LeftoversError` where something stays."""
        receipt = self._sweep(mine)
        if self.removes():
            mine()
            self._remove()
        return receipt

    def _remove(self) -> None:
        """Destroy the pool's stack; again if that was cut short, since a terminal's Ctrl-C reaches the engine too."""
        self._settle()
        for _ in range(_REMOVALS - 1):
            try:
                return self.hooks.destroy(self.pool)
            except TideformError as error:
                self.say(f"Removing the definitions of {self.pool} was cut short ({error}); trying again.")
        return self.hooks.destroy(self.pool)

    def _settle(self) -> None:
        """Wait for what the backend is still changing, for a bounded time: its definitions cannot be deleted before."""
        deadline, waiting = time.monotonic() + self.patience.limit, Waiting(self.say)
        while not self.runner.settled() and time.monotonic() < deadline:
            waiting.on(f"Waiting for what {self.pool} is still changing: its definitions cannot go before.")
            time.sleep(self.patience.poll)

    def _sweep(self, mine: Check) -> Receipt:
        """Bring the capacity to nothing and return the empty receipt; raises `LeftoversError` otherwise.

        ``mine`` raises `FencedError` once what stands is no longer this teardown's.
        """
        deadline = time.monotonic() + self.patience.limit
        problem = self._drain(deadline, mine)
        receipt, waiting = self.receipt(), Waiting(self.say)
        while receipt.leftovers and time.monotonic() < deadline:
            first, more = receipt.leftovers[0], len(receipt.leftovers) - 1
            waiting.on(f"Still there of {self.pool}: {first.kind} {first.id}{f' and {more} more' if more else ''}.")
            time.sleep(self.patience.poll)
            mine()
            receipt = self.receipt()
        mine()
        try:
            receipt.require_empty()
        except LeftoversError as left:
            raise LeftoversError((*(problem.diagnostics if problem else ()), *left.diagnostics)) from problem
        return receipt

    def _drain(self, deadline: float, mine: Check) -> CloudError | None:
        """Step down until nothing is left or time is up; a service that refuses is asked again until then."""
        waiting = Waiting(self.say)
        while True:
            problem = None
            mine()
            try:
                with fenced(mine):
                    if self.runner.down():
                        return None
            except CloudError as error:
                problem = error
            if time.monotonic() > deadline:
                return problem
            waiting.on(f"Still taking the capacity of {self.pool} away{f': {problem}' if problem else ''}.")
            time.sleep(self.patience.poll)
