"""Carrying a plan out: the walk over its stages, under the lock, with nothing done that was not shown.

Each stage is previewed again with the real values of the stages before it and compared with the plan; where a
resource, an action or a known value differs, it is refused. Only then the engine runs, bound to that preview.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tideform import outlets
from tideform.engine import data
from tideform.model.engine import OnProgress, Preview, Program
from tideform.model.planned import UNKNOWN, Action, Outputs
from tideform.operations.changing import Change
from tideform.operations.pipeline import Planned, stages_of
from tideform.operations.walk import raise_all, walk
from tideform.plan.compare import in_the_way, refuse_moved
from tideform.plan.stages import Stage
from tideform.state.values import contains

if TYPE_CHECKING:
    from tideform.spec.deployment import Deployment


@dataclass(frozen=True)
class Applied:
    """What an apply did: how many resources it touched, and every program's outputs."""

    changed: int
    outputs: Mapping[str, Outputs]


@dataclass
class _Run:
    change: Change
    planned: Planned
    on_progress: OnProgress
    folder: Path
    outputs: dict[str, Outputs] = field(default_factory=dict)

    def do(self, stage: Stage) -> int:
        """Carry one stage out; returns how many resources it touched."""
        self.change.held.check()
        if stage.action == "destroy":
            self._clear(self.planned.previews[stage.program.key])
            return self.change.engine.destroy(stage.program, on_progress=self.on_progress).changed
        shown = self.planned.previews[stage.program.key]
        if self._nothing_to_do(stage.program, shown):
            self.outputs[stage.program.key] = shown.before_outputs
            return 0
        return self._up(stage.program, shown)

    def _clear(self, shown: Preview) -> None:
        data.clear(lambda: self.change.cloud, data.doomed_by(shown.resources), self.planned.delete_data)

    def _up(self, program: Program, shown: Preview) -> int:
        file = self.folder / f"{program.slug}.plan.json"
        if shown.drift:  # the plan was made from how things really are: so is what follows
            self.change.engine.refresh(program)
        if program.unit is not None and (going := in_the_way(shown)):  # units hold no data
            self.change.engine.destroy(program, targets=going, on_progress=self.on_progress)
        now = self.change.engine.preview(program, self.outputs, plan=file)
        refuse_moved(shown, now)
        self._clear(now)
        result = self.change.engine.up(program, self.outputs, plan=file, on_progress=self.on_progress)
        self.outputs[program.key] = result.outputs
        return result.changed

    def _nothing_to_do(self, program: Program, shown: Preview) -> bool:
        idle = all(r.action in (Action.NO_OP, Action.READ) for r in shown.resources)
        same = shown.outputs == shown.before_outputs and not contains(shown.outputs, UNKNOWN)
        standing = bool(shown.state_digest) and not shown.drift  # even what the spec wants now is still to be recorded
        # The preview was made from planned upstream values; it holds if those came true.
        true = all(self.outputs.get(key, {}) == self.planned.upstream.get(key, self.outputs.get(key, {}))
                   for key in program.reads)  # fmt: skip
        return standing and idle and same and true


def carry_out(change: Change, planned: Planned, *, on_progress: OnProgress = lambda _: None) -> Applied:
    """Carry the plan out under a lock that is held.

    Raises `EngineError` for what failed (what runs beside it is finished, later stages are not begun), and
    `RefusedError` where the world moved since the plan was shown.
    """
    outlets.carry_on()  # half an apply would be worse than one that nobody watched
    deployment, engine = change.deployment, change.engine
    remember_sandbox(deployment)
    walkable = {stage.program.key: stage for stage in stages_of(deployment, planned)}
    with _plan_folder() as folder:
        run = _Run(change, planned, on_progress, folder)
        run.outputs |= {p.key: engine.outputs(p) for p in engine.existing()}
        done, failed = walk(
            _needs(tuple(walkable.values())), lambda key: run.do(walkable[key]), on_interrupt=change.on_interrupt
        )
    raise_all(failed)
    return Applied(changed=sum(done.values()), outputs=run.outputs)


def _needs(walkable: tuple[Stage, ...]) -> dict[str, list[str]]:
    """A stage up needs those it reads; a removal needs every stage of the levels before it."""
    return {
        stage.program.key: [
            other.program.key
            for other in walkable
            if (stage.action == "destroy" and other.level < stage.level)
            or (other.program.key in stage.program.reads and stage.action == "up")
        ]
        for stage in walkable
    }


def remember_sandbox(deployment: Deployment) -> None:
    """Note in which sandbox the environment stands, on the local target."""
    if deployment.target == "local":
        from tideform.local.client import find, remember_boot

        if sandbox := find(deployment.workspace):
            remember_boot(deployment.workspace, deployment.environment, sandbox.boot_id)


@contextmanager
def _plan_folder() -> Iterator[Path]:
    """Engine plans can hold what a plan must not show; they live only as long as the run."""
    with tempfile.TemporaryDirectory(prefix="tideform-apply-") as name:
        yield Path(name)
