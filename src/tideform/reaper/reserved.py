"""Reservations, capacity blocks and training plans: whether machines may start in one, and how many nobody uses.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservation.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tideform.reaper.base import Clients

MISSING = "missing"
BLOCK = "capacity-block"
EMPTIED = 1800.0  # seconds before a block's end at which AWS ends its machines
_PLAN = "arn:"  # a training plan goes by its ARN
_UNKNOWN = ("InvalidCapacityReservationId.NotFound", "ResourceNotFound")


@dataclass(frozen=True)
class Reservation:
    """One reservation; ``usd`` an hour is what its ``free`` machines cost at list price (None: no price is known).

    ``state`` is AWS's word, or `MISSING`; ``ends`` is in seconds since the epoch, None where it does not end by itself.
    A ``block`` is paid for up front: a capacity block of EC2's, or a training plan, which may come in ``pieces``.
    AWS counts whoever uses it, other pools and projects too, and counts an ended machine for some minutes.
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
    pieces: int = 1

    @property
    def idle(self) -> bool:
        """Whether it is paid for and not all used, or is not there at all."""
        return self.state == MISSING or (self.state == "active" and self.free > 0)

    def closed(self, now: float, wanted: int = 1) -> str:
        """Why not so many machines can start in it now; empty where they can."""
        if self.state == MISSING:
            return "the account has none of this id"
        if self.state != "active":
            return f"it is {self.state}"
        if self.emptied is not None and now >= self.emptied:
            return "it is about to end"
        if self.pieces > 1:
            return "it comes in several pieces, and what waits between them waits beyond any deadline"
        return "" if self.free >= wanted else "it is full" if not self.free else f"it has {self.free} left"

    @property
    def emptied(self) -> float | None:
        """When AWS ends the machines in it: half an hour before a block's end, never for other reservations."""
        return self.ends - EMPTIED if self.block and self.ends is not None else None

    @property
    def called(self) -> str:
        """What it is, and its name."""
        if self.id.startswith(_PLAN):
            return f"training plan {self.id.rpartition('/')[2]}"
        return f"{'capacity block' if self.block else 'reservation'} {self.id}"

    def __str__(self) -> str:
        name = self.called
        if self.state == MISSING:
            return f"{name}: the account has none of this id"
        where = f"in {self.zone} " if self.zone else ""
        paid = "" if self.usd is None else f", {self.usd:.2f} USD an hour paid for nothing"
        if self.block:
            paid = ", paid up front" + ("" if self.usd is None else f" ({self.usd:.2f} USD an hour at list price)")
        return f"{name}: {self.free} of {self.total} {self.type} {where}stand idle{paid}"


def look(clients: Clients, ids: Iterable[str], prices: Mapping[str, float]) -> list[Reservation]:
    """Each of them as it is now; ``prices`` are USD an hour by type. Raises what boto3 raises, but for unknown ids."""
    return [_look(clients, identity, prices) for identity in ids]


def _look(clients: Clients, identity: str, prices: Mapping[str, float]) -> Reservation:
    from botocore.exceptions import ClientError

    try:
        if identity.startswith(_PLAN):
            name = identity.rpartition("/")[2]
            return _plan(identity, clients.client("sagemaker").describe_training_plan(TrainingPlanName=name), prices)
        answer = clients.client("ec2").describe_capacity_reservations(CapacityReservationIds=[identity])
    except ClientError as error:
        if error.response["Error"]["Code"] not in _UNKNOWN:
            raise
        return Reservation(identity)
    return _reservation(answer["CapacityReservations"][0], prices)


def _plan(arn: str, found: Mapping[str, Any], prices: Mapping[str, float]) -> Reservation:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingPlan.html"""
    pieces, free = found.get("ReservedCapacitySummaries") or [{}], int(found.get("AvailableInstanceCount", 0))
    kind, ends = pieces[0].get("InstanceType", ""), found.get("EndTime")
    return Reservation(
        id=arn,
        type=kind,
        zone=pieces[0].get("AvailabilityZone", ""),
        total=int(found.get("TotalInstanceCount", 0)),
        free=free,
        usd=None if kind not in prices else float(prices[kind]) * free,
        state=str(found["Status"]).lower(),
        block=True,
        ends=None if ends is None else ends.timestamp(),
        pieces=len(pieces),
    )


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
