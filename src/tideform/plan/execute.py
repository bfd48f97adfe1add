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

from tideform.engine.base import OnProgress, Preview, Program
from tideform.engine.values import contains
from tideform.plan.compare import refuse_moved
from tideform.plan.model import UNKNOWN, Action, Outputs
from tideform.plan.pipeline import Planned, raise_all
from tideform.plan.programs import parse_key
from tideform.plan.stages import Stage, stages
from tideform.plan.walk import walk

if TYPE_CHECKING:
    from tideform.engine.pulumi import PulumiEngine
    from tideform.spec.deployment import Deployment


@dataclass(frozen=True)
class Applied:
    """What an apply did: how many resources it touched, and every program's outputs."""

    changed: int
    outputs: Mapping[str, Outputs]
    recovered: tuple[str, ...] = ()


@dataclass
class _Run:
    deployment: Deployment
    engine: PulumiEngine
    planned: Planned
    on_progress: OnProgress
    folder: Path
    outputs: dict[str, Outputs] = field(default_factory=dict)

    def do(self, stage: Stage) -> int:
        """Carry one stage out; returns how many resources it touched."""
        if stage.action == "destroy":
            return self.engine.destroy(stage.program, on_progress=self.on_progress).changed
        shown = self.planned.previews[stage.program.key]
        if self._nothing_to_do(stage.program, shown):
            self.outputs[stage.program.key] = shown.before_outputs
            return 0
        return self._up(stage.program, shown)

    def _up(self, program: Program, shown: Preview) -> int:
        file = self.folder / f"{program.slug}.plan.json"
        now = self.engine.preview(program, self.outputs, plan=file)
        refuse_moved(shown, now)
        result = self.engine.up(program, self.outputs, plan=file, on_progress=self.on_progress)
        self.outputs[program.key] = result.outputs
        return result.changed

    def _nothing_to_do(self, program: Program, shown: Preview) -> bool:
        idle = all(r.action in (Action.NO_OP, Action.READ) for r in shown.resources)
        same = shown.outputs == shown.before_outputs and not contains(shown.outputs, UNKNOWN)
        standing = bool(shown.state_digest)
        # The preview was made from planned upstream values; it holds if those came true.
        true = all(self.outputs.get(key, {}) == self.planned.upstream.get(key, self.outputs.get(key, {}))
                   for key in program.reads)  # fmt: skip
        return standing and idle and same and true


def apply(
    deployment: Deployment,
    planned: Planned,
    *,
    on_progress: OnProgress = lambda _: None,
    engine: PulumiEngine | None = None,
) -> Applied:
    """Carry the plan out. The caller holds the lock (`run_locked`).

    Raises `EngineError` for what failed (the rest of its level is finished, later levels are not begun), and
    `RefusedError` where the world moved since the plan was shown.
    """
    engine = engine or connect(deployment)
    _remember(deployment)
    walkable = stages(
        [parse_key(deployment, key) for key in planned.previews if key not in planned.plan.removed_programs],
        [parse_key(deployment, key) for key in planned.plan.removed_programs],
    )
    with _plan_folder() as folder:
        run = _Run(deployment, engine, planned, on_progress, folder)
        run.outputs |= {p.key: engine.outputs(p) for p in engine.existing()}
        done, failed = walk(_needs(walkable), lambda key: run.do(next(s for s in walkable if s.program.key == key)))
    raise_all(failed)
    return Applied(changed=sum(done.values()), outputs=run.outputs)


def connect(deployment: Deployment) -> PulumiEngine:
    """The real engine for a deployment."""
    from tideform.engine.connect import connect_engine

    return connect_engine(deployment)


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


def _remember(deployment: Deployment) -> None:
    if deployment.target == "local":
        from tideform.sandbox.client import find, remember_boot

        if sandbox := find(deployment.workspace):
            remember_boot(deployment.workspace, deployment.environment, sandbox.boot_id)


@contextmanager
def _plan_folder() -> Iterator[Path]:
    """Engine plans can hold what a plan must not show; they live only as long as the run."""
    with tempfile.TemporaryDirectory(prefix="tideform-apply-") as name:
        yield Path(name)
