"""Reservations and capacity blocks as EC2 tells them: whether machines may start in one, and how many nobody uses.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservation.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tideform.burst.reaper.base import Clients

MISSING = "missing"
BLOCK = "capacity-block"
EMPTIED = 1800.0  # seconds before a block's end at which EC2 ends its machines


@dataclass(frozen=True)
class Reservation:
    """One reservation; ``usd`` an hour is what its ``free`` machines cost at list price (None: no price is known).

    ``state`` is EC2's word, or `MISSING`; ``ends`` is in seconds since the epoch, None where it does not end by itself.
    EC2 counts whoever uses it, other pools and projects too, and counts an ended machine for some minutes.
    """

    id: str
    type: str = ""
    zone: str = ""
    total: int = 0
    free: int = 0
    usd: float | None = None
    state: str = MISSING
    block: bool = False
    ends: float | None = None

    @property
    def idle(self) -> bool:
        """Whether it is paid for and not all used, or is not there at all."""
        return self.state == MISSING or (self.state == "active" and self.free > 0)

    def closed(self, now: float) -> str:
        """Why no machine can start in it now; empty where one can."""
        if self.state == MISSING:
            return "the account has none of this id"
        if self.state != "active":
            return f"it is {self.state}"
        if self.emptied is not None and now >= self.emptied:
            return "it is about to end"
        return "" if self.free else "it is full"

    @property
    def emptied(self) -> float | None:
        """When EC2 ends the machines in it: half an hour before a block's end, never for other reservations."""
        return self.ends - EMPTIED if self.block and self.ends is not None else None

    def __str__(self) -> str:
        name = f"{'capacity block' if self.block else 'reservation'} {self.id}"
        if self.state == MISSING:
            return f"{name}: the account has none of this id"
        paid = "" if self.usd is None else f", {self.usd:.2f} USD an hour paid for nothing"
        if self.block:
            paid = ", paid up front" + ("" if self.usd is None else f" ({self.usd:.2f} USD an hour at list price)")
        return f"{name}: {self.free} of {self.total} {self.type} in {self.zone} stand idle{paid}"


def look(clients: Clients, ids: Iterable[str], prices: Mapping[str, float]) -> list[Reservation]:
    """Each of them as it is now; ``prices`` are USD an hour by type. Raises what boto3 raises, but for unknown ids."""
    return [_look(clients, identity, prices) for identity in ids]


def _look(clients: Clients, identity: str, prices: Mapping[str, float]) -> Reservation:
    from botocore.exceptions import ClientError

    try:
        answer = clients.client("ec2").describe_capacity_reservations(CapacityReservationIds=[identity])
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidCapacityReservationId.NotFound":
            raise
        return Reservation(identity)
    return _reservation(answer["CapacityReservations"][0], prices)


def _reservation(found: Mapping[str, Any], prices: Mapping[str, float]) -> Reservation:
    kind, free, ends = found["InstanceType"], int(found["AvailableInstanceCount"]), found.get("EndDate")
    return Reservation(
        id=found["CapacityReservationId"],
        type=kind,
        zone=found.get("AvailabilityZone", ""),
        total=int(found["TotalInstanceCount"]),
        free=free,
        usd=None if kind not in prices else float(prices[kind]) * free,
        state=found["State"],
        block=found.get("ReservationType") == BLOCK,
        ends=None if ends is None else ends.timestamp(),
    )
