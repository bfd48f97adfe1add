"""How much capacity a burst brings, and what that costs at list price. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from tideform.components.pool_shape import PoolShape, shape_of
from tideform.spec.training import Pool


@dataclass(frozen=True)
class Sizing:
    """The smallest capacity of a pool: instances, vCPUs and USD an hour; ``most_nodes`` is its bound.

    A backend may choose any of the types. ``hourly_usd`` is for as many of the first type as a burst starts with; what
    it may cost at most tells `components.worst_case`.
    """

    types: tuple[str, ...]
    nodes: int
    most_nodes: int
    vcpus: int
    hourly_usd: Decimal

    @property
    def words(self) -> str:
        """``2 instances (g5.xlarge or g5.2xlarge)``."""
        plural = "" if self.nodes == 1 else "s"
        return f"{self.nodes} instance{plural} ({' or '.join(self.types)})"


def sizing(pool: Pool) -> Sizing:
    """What a burst of ``pool`` brings. Raises `TideformError` (TD203 to TD205) where its words name no capacity."""
    shape = shape_of(pool)
    nodes = _smallest(pool, shape)
    return Sizing(
        types=tuple(shape.instance_types),
        nodes=nodes,
        most_nodes=shape.nodes,
        vcpus=nodes * shape.vcpus,
        hourly_usd=nodes * Decimal(str(shape.types[0].on_demand_usd)),
    )


def _smallest(pool: Pool, shape: PoolShape) -> int:
    if pool.accelerator is not None:
        return ceil(pool.accelerator.count.minimum / shape.accelerators)
    return pool.nodes.minimum if pool.nodes else 1
