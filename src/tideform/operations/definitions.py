"""A pool's lock, and its own stack where it exists only during a burst (``between_bursts: remove``)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING

from tideform.burst.clearance import Hooks
from tideform.burst.halt import Pause, Say
from tideform.burst.waiting import Waiting
from tideform.diagnostics import errors_in
from tideform.errors import LockedError, RefusedError
from tideform.model.engine import OnProgress
from tideform.spec.deployment import Deployment

if TYPE_CHECKING:
    from tideform.operations.changing import Change
    from tideform.state.lock import Held

_POLL_SECONDS = 1.0


class Definitions:
    """The engine's part of a burst. Pools that keep their definitions need the lock only, and no engine at all.

    Which ones do not is for the caller to know: the engine is had when definitions are made or removed.
    """

    def __init__(self, deployment: Deployment, *, wait: float, say: Say, on_progress: OnProgress) -> None:
        self._deployment, self._wait, self._say, self._on_progress = deployment, wait, say, on_progress
        self._lock: Held | None = None

    def hooks(self) -> Hooks:
        """For a `Session` or `reconcile`."""
        return Hooks(apply=self.apply, destroy=self.destroy, lock=self.lock)

    @contextmanager
    def lock(self, pool: str, pause: Pause) -> Iterator[None]:
        """The pool's lock alone, and the project's beside other bursts."""
        with ExitStack() as held:
            self._enter(held, pool, pause)
            yield

    def _enter(self, held: ExitStack, pool: str, pause: Pause) -> None:
        """Wait for others here and not in the lock: a burst that is asked to stop stops waiting."""
        deadline, waiting = time.monotonic() + self._wait, Waiting(self._say, after=0.0)
        while True:
            try:
                return held.enter_context(self._locks(pool))
            except LockedError as error:
                if time.monotonic() >= deadline:
                    raise
                waiting.on(f"Waiting: {error.diagnostics[0].detail}")
            pause(_POLL_SECONDS)

    def apply(self, pool: str) -> None:
        """Make the pool's stack, under its lock."""
        from tideform.operations.execute import carry_out
        from tideform.operations.pipeline import make_plan

        with self._engine(pool) as change:
            planned = make_plan(self._deployment, unit=pool, full_pool=pool, engine=change.engine)
            if errors := errors_in(planned.plan.findings):
                raise RefusedError(errors)
            carry_out(change, planned, on_progress=self._on_progress)

    def destroy(self, pool: str) -> None:
        """Remove the pool's stack, under its lock."""
        from tideform.operations.teardown import remove, standing

        with self._engine(pool) as change:
            remove(change, standing(change.engine, pool), on_progress=self._on_progress)

    def _engine(self, pool: str) -> AbstractContextManager[Change]:
        from tideform.operations.changing import working

        return working(self._deployment, "burst", self._held(), pool=pool, say=self._say)

    @contextmanager
    def _locks(self, pool: str) -> Iterator[None]:
        from tideform.engine.locking import acquire

        with (
            acquire(self._deployment, "burst", shared=True) as held,
            acquire(self._deployment, "burst", name=f"pool-{pool}", run=held.run) as self._lock,
        ):
            try:
                yield
            finally:
                self._lock = None

    def _held(self) -> Held:
        if self._lock is None:
            raise RefusedError.of(
                "TD619",
                "The definitions of a pool stay",
                detail=f"{self._deployment.name}: its lock could not be had, and without it no definition is changed.",
                fix="Its capacity has gone. Make room where `.tideform` is; the next command removes the definitions.",
            )
        return self._lock
