"""Capacity that is reserved: on-demand reservations, and Capacity Blocks, which begin and end by themselves.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-capacity-reservations.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-capacity-blocks.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tideform.times import utc
from tideform_sandbox.extension.request import AwsError
from tideform_sandbox.market.market import NO_CAPACITY, RESERVATION_FULL

if TYPE_CHECKING:
    from tideform_sandbox.world import World

BLOCK = "capacity-block"  # the market type, the reservation type, and the life cycle of a block's machines
WARNED, ENDED = 2400.0, 1800.0  # seconds before a block's end at which AWS warns, and ends its machines
_STANDS = ("pending", "running")


@dataclass
class Reserved:
    """One reservation; times are seconds since the epoch of the sandbox's clock, ``end`` None where it has none."""

    id: str
    kind: str
    zone: str
    total: int
    platform: str
    start: float
    end: float | None = None
    open: bool = True
    block: bool = False
    cancelled: bool = False
    tags: list[dict[str, str]] = field(default_factory=list)

    def state(self, now: float) -> str:
        """As the API tells it."""
        if self.cancelled:
            return "cancelled"
        if now < self.start:
            return "scheduled"
        return "expired" if self.end is not None and now >= self.end else "active"


@dataclass(frozen=True)
class Wish:
    """What a launch says of reservations: the one that it targets, whether it may use open ones, whether as a block."""

    target: str = ""
    open: bool = True
    block: bool = False

    @classmethod
    def of(cls, specification: Mapping[str, Any], market: str) -> Wish:
        """Out of ``CapacityReservationSpecification`` and ``InstanceMarketOptions``."""
        target = (specification.get("CapacityReservationTarget") or {}).get("CapacityReservationId", "")
        is_open = specification.get("CapacityReservationPreference", "open") == "open"
        return cls(target, is_open and not target and not market, market == BLOCK)


class Reservations:
    """All reservations by account and region, and which machines use them. Launches are one at a time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept: dict[tuple[str, str], dict[str, Reserved]] = {}

    def of(self, backend: Any) -> dict[str, Reserved]:
        """Those of moto's EC2 of one account and region, by id."""
        return self._kept.setdefault((backend.account_id, backend.region_name), {})

    def add(self, backend: Any, made: Reserved) -> None:
        """Take one in; a block is told when it begins, and empties itself before its end."""
        self.of(backend)[made.id] = made
        if not made.block or made.end is None:
            return
        told = (
            (made.start, "Capacity Block Reservation Delivered"),
            (made.end - WARNED, "Capacity Block Reservation Expiration Warning"),
        )
        for when, what in told:
            self._at(when, f"{made.id}/{what}", lambda _, what=what: self._tell(backend, made, what))
        self._at(made.end - ENDED, f"{made.id}/ends", lambda due: self._empty(backend, made, due))

    def free(self, backend: Any, one: Reserved) -> int:
        """How many machines may still start in it."""
        active = one.state(self._world.clock.now()) == "active"
        return max(0, one.total - len(users(backend, one.id))) if active else 0

    def taken(self, backend: Any, wish: Wish, kind: str, zone: str, count: int) -> Reserved | None:
        """What a launch uses up; None if it is on its own. Raises EC2's error where its target does not take it."""
        if wish.target:
            return self._targeted(backend, wish, kind, zone, count)
        if wish.block:
            raise AwsError("InvalidParameterCombination", "A launch into a Capacity Block has to name it.")
        fitting = (one for one in self.of(backend).values() if wish.open and one.open and not one.block)
        matching = (one for one in fitting if (one.kind, one.zone) == (kind, zone))
        return next((one for one in matching if self.free(backend, one) >= count), None)

    def _targeted(self, backend: Any, wish: Wish, kind: str, zone: str, count: int) -> Reserved:
        one = self.of(backend).get(wish.target)
        if one is None:
            code = "InvalidCapacityReservationId.NotFound"
            raise AwsError(code, f"The capacity reservation '{wish.target}' does not exist.")
        if one.block != wish.block:
            said = "a Capacity Block" if one.block else "no Capacity Block"
            raise AwsError("InvalidParameterValue", f"'{one.id}' is {said}: the market type does not fit.")
        now = self._world.clock.now()
        if (state := one.state(now)) != "active" or (one.block and one.end is not None and now >= one.end - ENDED):
            raise AwsError(NO_CAPACITY, f"The capacity reservation '{one.id}' takes no launches: it is {state}.")
        if (one.kind, one.zone) != (kind, zone) or self.free(backend, one) < count:
            raise AwsError(
                RESERVATION_FULL,
                f"The targeted capacity reservation '{one.id}' does not have enough available instance capacity of "
                f"{kind} in {zone}.",
            )
        return one

    def _at(self, when: float, key: str, event: Any) -> None:
        if when >= self._world.clock.now():
            self._world.timeline.at(when, f"ec2/{key}", event)

    def _tell(self, backend: Any, one: Reserved, what: str) -> None:
        self._world.market.changed()
        region, account = backend.region_name, backend.account_id
        self._world.bus.publish(
            "aws.ec2",
            what,
            {"capacity-reservation-id": one.id, "end-date": utc(one.end or 0)},
            account=account,
            region=region,
            resources=[arn(backend, one.id)],
        )

    def _empty(self, backend: Any, one: Reserved, due: float) -> None:
        for instance in users(backend, one.id):
            instance.disable_api_termination = False  # it protects from API calls alone
            backend.terminate_instances([instance.id])
            instance._reason = f"Service initiated ({utc(due).replace('T', ' ').rstrip('Z')} GMT)"


def arn(backend: Any, identity: str) -> str:
    """A reservation's ARN."""
    return f"arn:aws:ec2:{backend.region_name}:{backend.account_id}:capacity-reservation/{identity}"


def users(backend: Any, identity: str) -> list[Any]:
    """The machines that use a reservation now."""
    return [
        one
        for held in list(backend.reservations.values())
        for one in held.instances
        if getattr(one, "capacity_reservation_id", None) == identity and one.state in _STANDS
    ]
