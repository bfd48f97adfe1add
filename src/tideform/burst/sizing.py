"""How much capacity a burst brings, and what that costs at list price. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from tideform.errors import RefusedError
from tideform.pools.job_size import job_too_large
from tideform.pools.shape import PoolShape, shape_of
from tideform.spec.training import Pool
from tideform.words import counted


@dataclass(frozen=True)
class Sizing:
    """The smallest capacity of a pool: instances, vCPUs and USD an hour; ``most_nodes`` is its bound.

    A backend may choose any of the types. ``hourly_usd`` is for as many of the first type as a burst starts with; what
    it may cost at most tells `pools.worst_case`.
    """

    types: tuple[str, ...]
    nodes: int
    most_nodes: int
    vcpus: int
    hourly_usd: Decimal

    @property
    def words(self) -> str:
        """``2 instances (g5.xlarge or g5.2xlarge)``."""
        return f"{counted(self.nodes, 'instance')} ({' or '.join(self.types)})"


def sizing(pool: Pool, at_least: int = 1) -> Sizing:
    """What a burst of ``pool`` brings for a job on ``at_least`` so many nodes.

    Raises `TideformError` (TD203 to TD205) where its words name no capacity.
    """
    shape = shape_of(pool)
    nodes = max(_smallest(pool, shape), at_least)
    return Sizing(
        types=tuple(shape.instance_types),
        nodes=nodes,
        most_nodes=shape.nodes,
        vcpus=nodes * shape.vcpus,
        hourly_usd=nodes * Decimal(str(shape.types[0].on_demand_usd)),
    )


def require_fit(pool: Pool, nodes: int) -> None:
    """Raises `RefusedError` TD159 where a job wants more machines than the pool may have, whose cost was announced."""
    if found := list(job_too_large("--nodes", pool, nodes)):
        raise RefusedError(found)


def _smallest(pool: Pool, shape: PoolShape) -> int:
    if pool.accelerator is not None:
        return ceil(pool.accelerator.count.minimum / shape.accelerators)
    return pool.nodes.minimum if pool.nodes else 1
