"""Taking an environment, or one unit of it, down; and proving by inventory that nothing is left.

The order is that of `stages.removal`: what costs most and depends on others goes first, foundation last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tideform.engine.base import OnProgress, Program
from tideform.plan.execute import connect
from tideform.plan.pipeline import raise_all
from tideform.plan.stages import Stage, removal
from tideform.plan.walk import walk

if TYPE_CHECKING:
    from tideform.burst.receipt import Receipt
    from tideform.engine.pulumi import PulumiEngine
    from tideform.spec.deployment import Deployment


def standing(engine: PulumiEngine, unit: str | None = None) -> tuple[Program, ...]:
    """What a destroy would take down: every stack of the environment, or those of one unit."""
    return tuple(p for p in engine.existing() if unit in (None, p.unit))


def destroy(
    deployment: Deployment,
    *,
    unit: str | None = None,
    delete_data: tuple[str, ...] = (),
    on_progress: OnProgress = lambda _: None,
    engine: PulumiEngine | None = None,
) -> Receipt:
    """Take everything down and ask the services what is left. The caller holds the lock.

    Raises `RefusedError` where a lease lives or a bucket holds data that ``delete_data`` does not name; then
    nothing was touched. Raises `EngineError` for what could not be deleted; the rest can be continued.
    """
    from tideform.burst.receipt import environment_receipt
    from tideform.connect import cloud_for
    from tideform.engine import data

    engine = engine or connect(deployment)
    cloud = cloud_for(deployment)
    programs = standing(engine, unit)
    held = data.held_data(cloud, filter(None, map(engine.checkpoint, programs)))
    data.refuse_unnamed(held, delete_data)
    data.empty(cloud, held)
    _walk(removal(programs, why="asked for"), engine, on_progress)
    return environment_receipt(cloud, deployment, unit=unit)


def destroy_unit(deployment: Deployment, key: str, *, on_progress: OnProgress = lambda _: None) -> None:
    """Take one program's stack away: the end of a pool that exists only during a burst."""
    from tideform.plan.programs import parse_key

    connect(deployment).destroy(parse_key(deployment, key), on_progress=on_progress)


def _walk(stages: tuple[Stage, ...], engine: PulumiEngine, on_progress: OnProgress) -> None:
    programs = {stage.program.key: stage.program for stage in stages}
    needs = {
        stage.program.key: [other.program.key for other in stages if other.level < stage.level] for stage in stages
    }
    _, failed = walk(needs, lambda key: engine.destroy(programs[key], on_progress=on_progress))
    raise_all(failed)
