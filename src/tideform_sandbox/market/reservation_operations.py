"""EC2's operations on capacity reservations and Capacity Blocks.

A block is bought for any instance type and any time; on AWS there are blocks of GPU and Trainium machines only, of
whole days, beginning at 11:30 UTC or within minutes.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_PurchaseCapacityBlock.html
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tideform_sandbox.extension.request import AwsError, parameters, put
from tideform_sandbox.market.reservations import BLOCK, Reservations, Reserved, arn

if TYPE_CHECKING:
    from tideform_sandbox.world import World

_HOUR = 3600.0
Given = dict[str, Any]


def install(world: World, reservations: Reservations) -> None:
    """Put the operations on moto's EC2."""
    from moto.ec2.responses import EC2Response

    made = Operations(world, reservations)
    for operation in (
        made.create_capacity_reservation,
        made.describe_capacity_reservations,
        made.cancel_capacity_reservation,
        made.describe_capacity_block_offerings,
        made.purchase_capacity_block,
    ):
        put(EC2Response, operation.__name__, _method(operation))


class Operations:
    """Each takes moto's backend and what was sent, in AWS's names, and answers likewise."""

    def __init__(self, world: World, reservations: Reservations) -> None:
        self._world, self._reservations = world, reservations
        self._offered: dict[str, Given] = {}

    def create_capacity_reservation(self, backend: Any, given: Given) -> Given:
        """Make an on-demand reservation; it is there at once, and costs whether it is used or not."""
        made = Reserved(
            id=f"cr-{secrets.token_hex(8)}1",
            kind=given["InstanceType"],
            zone=given["AvailabilityZone"],
            total=int(given["InstanceCount"]),
            platform=given["InstancePlatform"],
            start=self._world.clock.now(),
            end=_seconds(given["EndDate"]) if given.get("EndDate") else None,
            open=given.get("InstanceMatchCriteria", "open") == "open",
            tags=_tags(given),
        )
        self._reservations.add(backend, made)
        return {"CapacityReservation": self._told(backend, made)}

    def describe_capacity_reservations(self, backend: Any, given: Given) -> Given:
        """Reservations by their ids; all if none is named."""
        kept = self._reservations.of(backend)
        ids = given.get("CapacityReservationIds") or list(kept)
        return {"CapacityReservations": [self._told(backend, _known(kept, identity)) for identity in ids]}

    def cancel_capacity_reservation(self, backend: Any, given: Given) -> Given:
        """Give a reservation back; a block is paid for and stays."""
        one = _known(self._reservations.of(backend), given["CapacityReservationId"])
        if one.block:
            raise AwsError("OperationNotPermitted", f"'{one.id}' is a Capacity Block, which cannot be cancelled.")
        one.cancelled = True
        return {"Return": True}

    def describe_capacity_block_offerings(self, backend: Any, given: Given) -> Given:
        """One offering in each of the region's first two zones, from the earliest time that was asked for."""
        now = self._world.clock.now()
        start = max(now, _seconds(given["StartDateRange"])) if given.get("StartDateRange") else now
        hours, count = int(given["CapacityDurationHours"]), int(given.get("InstanceCount", 1))
        listed = self._world.list_price(given["InstanceType"]) or 0.0
        offers = [
            {
                "CapacityBlockOfferingId": f"cbr-{secrets.token_hex(8)}",
                "InstanceType": given["InstanceType"],
                "AvailabilityZone": f"{backend.region_name}{letter}",
                "InstanceCount": count,
                "StartDate": _at(start),
                "EndDate": _at(start + hours * _HOUR),
                "CapacityBlockDurationHours": hours,
                "UpfrontFee": f"{listed * hours * count:.4f}",
                "CurrencyCode": "USD",
                "Tenancy": "default",
            }
            for letter in "ab"
        ]
        self._offered |= {offer["CapacityBlockOfferingId"]: offer for offer in offers}
        return {"CapacityBlockOfferings": offers}

    def purchase_capacity_block(self, backend: Any, given: Given) -> Given:
        """Buy what was offered; nothing is charged here, and it is on no bill."""
        offer = self._offered.get(given["CapacityBlockOfferingId"])
        if offer is None:
            raise AwsError("InvalidParameterValue", f"Unknown offering '{given['CapacityBlockOfferingId']}'.")
        made = Reserved(
            id=f"cr-{secrets.token_hex(8)}1",
            kind=offer["InstanceType"],
            zone=offer["AvailabilityZone"],
            total=offer["InstanceCount"],
            platform=given["InstancePlatform"],
            start=offer["StartDate"].timestamp(),
            end=offer["EndDate"].timestamp(),
            open=False,
            block=True,
            tags=_tags(given),
        )
        self._reservations.add(backend, made)
        return {"CapacityReservation": self._told(backend, made)}

    def _told(self, backend: Any, one: Reserved) -> Given:
        return {
            "CapacityReservationId": one.id,
            "CapacityReservationArn": arn(backend, one.id),
            "OwnerId": backend.account_id,
            "InstanceType": one.kind,
            "InstancePlatform": one.platform,
            "AvailabilityZone": one.zone,
            "TotalInstanceCount": one.total,
            "AvailableInstanceCount": self._reservations.free(backend, one),
            "State": one.state(self._world.clock.now()),
            "StartDate": _at(one.start),
            "EndDateType": "unlimited" if one.end is None else "limited",
            "InstanceMatchCriteria": "open" if one.open else "targeted",
            "ReservationType": BLOCK if one.block else "default",
            "Tenancy": "default",
            "Tags": one.tags,
            **({} if one.end is None else {"EndDate": _at(one.end)}),
        }


def _known(kept: dict[str, Reserved], identity: str) -> Reserved:
    if identity not in kept:
        raise AwsError("InvalidCapacityReservationId.NotFound", f"The capacity reservation '{identity}' is unknown.")
    return kept[identity]


def _tags(given: Given) -> list[dict[str, str]]:
    return [tag for specification in given.get("TagSpecifications") or [] for tag in specification.get("Tags") or []]


def _seconds(when: datetime | str) -> float:
    found = when if isinstance(when, datetime) else datetime.fromisoformat(when)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _at(when: float) -> datetime:
    return datetime.fromtimestamp(when, UTC)


def _method(operation: Callable[[Any, Given], Given]) -> Callable[[Any], Any]:
    from moto.core.responses import ActionResult

    def answer(self: Any) -> Any:
        return ActionResult(operation(self.ec2_backend, parameters(self)))

    return answer
