"""A pool's capacity reservations: how many of their machines nobody uses, which cost the same.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeCapacityReservations.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tideform.burst.runner import cloud_errors
from tideform.cloud import Cloud
from tideform.prices.book import book


@dataclass(frozen=True)
class Reservation:
    """One reservation; ``usd`` an hour is what its ``free`` machines cost at list price (None: not in the book)."""

    id: str
    type: str
    zone: str
    total: int
    free: int
    usd: float | None

    def __str__(self) -> str:
        paid = "" if self.usd is None else f", {self.usd:.2f} USD an hour paid for nothing"
        return f"reservation {self.id}: {self.free} of {self.total} {self.type} in {self.zone} stand idle{paid}"


def idle_reservations(cloud: Cloud, ids: Sequence[str]) -> tuple[Reservation, ...]:
    """Those of the named reservations that are not used up. Raises `CloudError` where one is unknown."""
    if not ids:
        return ()
    with cloud_errors("the reservations were looked at"):
        found = cloud.client("ec2").describe_capacity_reservations(CapacityReservationIds=list(ids))
    return tuple(one for one in map(_reservation, found["CapacityReservations"]) if one.free)


def _reservation(found: dict[str, object]) -> Reservation:
    kind, free = str(found["InstanceType"]), int(str(found["AvailableInstanceCount"]))
    known = book().instances.get(kind)
    return Reservation(
        id=str(found["CapacityReservationId"]),
        type=kind,
        zone=str(found["AvailabilityZone"]),
        total=int(str(found["TotalInstanceCount"])),
        free=free,
        usd=None if known is None else known.on_demand_usd * free,
    )
