"""What each pool's words mean, for the plan: which machines and why, the ladder of a burst, its worst case. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.errors import TideformError
from tideform.model.planned import PoolChoice
from tideform.pools.purchase import ladder
from tideform.pools.shape import PoolShape, shape_of
from tideform.pools.worst_case import worst_case_text
from tideform.spec.deployment import Deployment
from tideform.spec.training import Pool


def pool_choices(deployment: Deployment, *, unit: str | None = None) -> tuple[PoolChoice, ...]:
    """One for each pool, or for the pool ``unit`` only; none where the words name no machines."""
    return tuple(_choices(deployment, unit))


def _choices(deployment: Deployment, unit: str | None) -> Iterator[PoolChoice]:
    for name, pool in deployment.spec.training.items():
        if unit not in (None, name):
            continue
        try:
            shape = shape_of(pool)
            rungs = tuple(map(str, ladder(pool, deployment)))
        except TideformError:  # validation says so
            continue
        left_out = tuple((one.name, one.why) for one in shape.left_out)
        yield PoolChoice(f"training/{name}", _machines(pool, shape), rungs, left_out, worst_case_text(deployment, name))


def _machines(pool: Pool, shape: PoolShape) -> str:
    if pool.accelerator is None:
        return f"{_up_to(shape.nodes)} of {' or '.join(shape.instance_types)}"
    memory = f" with at least {pool.accelerator.memory}" if pool.accelerator.memory else ""
    each = f"{shape.accelerators} of {pool.accelerator.count} {pool.accelerator.name}{memory} each"
    return f"{_up_to(shape.nodes)} with {each}: {' or '.join(shape.instance_types)}, the cheapest first"


def _up_to(nodes: int) -> str:
    return "1 machine" if nodes == 1 else f"up to {nodes} machines"
