"""How a pool's capacity is bought, first choice first, and the ladder that a burst goes down to get it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tideform.pools.shape import shape_of
from tideform.pools.zones import in_one_zone, zone_names
from tideform.prices.book import InstanceType
from tideform.registry.training import features
from tideform.spec.deployment import Deployment
from tideform.spec.training import Pool

Kind = Literal["block", "reserved", "spot", "on-demand"]
# How EC2 and Auto Scaling tell that the account may not have more: asking for another type or zone changes nothing.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
_QUOTA = (
    "VcpuLimitExceeded", "MaxSpotInstanceCountExceeded", "InstanceLimitExceeded", "ResourceLimitExceeded",
    "vCPU limit", "spot instance count exceeded", "quota",
)  # fmt: skip


@dataclass(frozen=True)
class Purchase:
    """One way of buying; ``reservation`` is the block or the reservation that it uses up, if it uses one up."""

    kind: Kind
    reservation: str = ""

    def __str__(self) -> str:
        if self.kind == "block":
            plan = self.reservation.partition(":training-plan/")[2]
            return f"training plan {plan}" if plan else f"capacity block {self.reservation}"
        return f"reservation {self.reservation}" if self.reservation else self.kind


@dataclass(frozen=True)
class Rung:
    """One step of the ladder: any of these types in any of these zones, bought so. USD are for an hour of one.

    What is reserved costs the same whether it is used or not: a block was paid for before it began.
    """

    purchase: Purchase
    types: tuple[str, ...]
    zones: tuple[str, ...]
    usd: tuple[float, float]  # the cheapest and the dearest of the types

    def __str__(self) -> str:
        zones = ", ".join(self.zones) or "the subnets' zones"
        return f"{self.purchase}: {' or '.join(self.types)} in {zones}, {self._price()}"

    def _price(self) -> str:
        if self.purchase.kind == "block":
            return "paid up front: an hour costs nothing more"
        low, high = (f"{usd:.2f}" for usd in self.usd)
        price = low if low == high else f"{low} to {high}"
        about = "about " if self.purchase.kind == "spot" else ""
        unused = ", used or not" if self.purchase.kind == "reserved" else ""
        return f"{about}{price} USD an hour each{unused}"


def purchases(pool: Pool) -> tuple[Purchase, ...]:
    """The ways of buying that the pool allows, in the order in which a burst tries them.

    Batch runs jobs of several nodes on on-demand capacity only.
    https://docs.aws.amazon.com/batch/latest/userguide/mnp-ce.html
    """
    capacity = pool.capacity
    spot, on_demand = Purchase("spot"), Purchase("on-demand")
    blocks = tuple(Purchase("block", block) for block in capacity.blocks)
    reserved = (*blocks, *(Purchase("reserved", reservation) for reservation in capacity.reservations))
    if capacity.spot == "never" or on_demand_only(pool):
        return (*reserved, on_demand)
    if capacity.spot == "prefer" and capacity.fallback == "on_demand":
        return (*reserved, spot, on_demand)
    return (*reserved, spot)


def on_demand_only(pool: Pool) -> bool:
    """Whether the backend has no spot capacity for the pool's job, whatever the spec prefers."""
    return pool.job.nodes > 1 and not features(pool.backend).gangs_on_spot


def pool_zones(pool: Pool, deployment: Deployment) -> tuple[str, ...]:
    """The zones that the pool's machines may be in; empty where an existing network's subnets decide."""
    network = deployment.spec.network
    if network.existing is not None:
        return ()
    names = zone_names(deployment)
    chosen = [name for name in names if not pool.zones or name[-1] in pool.zones]
    return tuple(chosen[:1] if in_one_zone(pool) else chosen)


def ladder(pool: Pool, deployment: Deployment) -> tuple[Rung, ...]:
    """What a burst tries, one rung after the other: each of a rung's types in each of its zones, then the next rung.

    Raises `TideformError` where the pool's words name no machines.
    """
    types, zones = shape_of(pool).types, pool_zones(pool, deployment)
    return tuple(Rung(one, tuple(t.name for t in types), zones, _usd(types, one.kind)) for one in purchases(pool))


def quota_in(reason: str) -> bool:
    """Whether capacity did not come because of a quota: then no further rung is tried, and somebody has to ask AWS."""
    return any(word.lower() in reason.lower() for word in _QUOTA)


def _usd(types: tuple[InstanceType, ...], kind: Kind) -> tuple[float, float]:
    prices = [t.spot_usd or t.on_demand_usd if kind == "spot" else t.on_demand_usd for t in types]
    return min(prices), max(prices)
