"""A pool's lock, and its own stack where it exists only during a burst (``between_bursts: remove``)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING

from tideform.burst.halt import Pause, Say
from tideform.burst.teardown import Hooks
from tideform.diagnostics import errors_in
from tideform.engine.base import OnProgress
from tideform.errors import LockedError, RefusedError
from tideform.spec.deployment import Deployment

if TYPE_CHECKING:
    from tideform.plan.changing import Change

_POLL_SECONDS = 1.0


class Definitions:
    """The engine's part of a burst. Pools that keep their definitions need the lock only, and no engine at all."""

    def __init__(self, deployment: Deployment, *, wait: float, say: Say, on_progress: OnProgress) -> None:
        self._deployment, self._wait, self._say, self._on_progress = deployment, wait, say, on_progress
        self._change: Change | None = None

    def hooks(self) -> Hooks:
        """For a `Session` or `reconcile`."""
        return Hooks(apply=self.apply, destroy=self.destroy, lock=self.lock)

    @contextmanager
    def lock(self, pool: str, pause: Pause) -> Iterator[None]:
        """The pool's lock alone, and the project's beside other bursts."""
        spec = self._deployment.spec.training.get(pool)
        frame = self._locks if spec is None or spec.between_bursts == "keep" else self._engine
        with ExitStack() as held:
            self._enter(held, lambda: frame(pool), pause)
            yield

    def _enter(self, held: ExitStack, frame: Callable[[], AbstractContextManager[None]], pause: Pause) -> None:
        """Wait for others here and not in the lock: a burst that is asked to stop stops waiting."""
        deadline, told = time.monotonic() + self._wait, False
        while True:
            try:
                return held.enter_context(frame())
            except LockedError as error:
                if time.monotonic() >= deadline:
                    raise
                if not told:
                    self._say(f"Waiting: {error.diagnostics[0].detail}")
                told = True
            pause(_POLL_SECONDS)

    def apply(self, pool: str) -> None:
        """Make the pool's stack, under its lock."""
        from tideform.plan.execute import carry_out
        from tideform.plan.pipeline import make_plan

        change = self._held()
        planned = make_plan(self._deployment, unit=pool, full_pool=pool, engine=change.engine)
        if errors := errors_in(planned.plan.findings):
            raise RefusedError(errors)
        carry_out(change, planned, on_progress=self._on_progress)

    def destroy(self, pool: str) -> None:
        """Remove the pool's stack, under its lock."""
        from tideform.plan.teardown import remove, standing

        change = self._held()
        remove(change, standing(change.engine, pool), on_progress=self._on_progress)

    @contextmanager
    def _engine(self, pool: str) -> Iterator[None]:
        from tideform.plan.changing import changing

        with changing(self._deployment, "burst", pool=pool, say=self._say) as self._change:
            try:
                yield
            finally:
                self._change = None

    @contextmanager
    def _locks(self, pool: str) -> Iterator[None]:
        from tideform.engine.lock import acquire

        with (
            acquire(self._deployment, "burst", shared=True),
            acquire(self._deployment, "burst", name=f"pool-{pool}"),
        ):
            yield

    def _held(self) -> Change:
        if self._change is None:
            raise RefusedError.of(
                "TD619",
                "The definitions of a pool stay",
                detail=f"{self._deployment.name}: its lock could not be had, and without it no definition is changed.",
                fix="Its capacity has gone. Make room where `.tideform` is; the next command removes the definitions.",
            )
        return self._change
