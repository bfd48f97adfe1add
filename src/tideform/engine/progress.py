"""Engine events as progress: one word when a step starts, one when it is done or has failed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tideform.model.engine import Program, Progress
from tideform.model.planned import urn_name

if TYPE_CHECKING:
    from pulumi.automation.events import EngineEvent, StepEventMetadata

_QUIET = {"same", "read", "refresh"}


def progress_of(program: Program, event: EngineEvent) -> Iterator[Progress]:
    """The progress that one event means; most events mean none."""
    if event.resource_pre_event:
        yield from _step(program, event.resource_pre_event.metadata, "started")
    elif event.res_outputs_event:
        yield from _step(program, event.res_outputs_event.metadata, "done")
    elif event.res_op_failed_event:
        yield from _step(program, event.res_op_failed_event.metadata, "failed")


def _step(program: Program, step: StepEventMetadata, state: str) -> Iterator[Progress]:
    shown = step.new or step.old
    if step.op.value in _QUIET or shown is None or not shown.custom or step.type.startswith("pulumi:"):
        return
    yield Progress(program.key, step.type, urn_name(step.urn), step.op.value, state)
