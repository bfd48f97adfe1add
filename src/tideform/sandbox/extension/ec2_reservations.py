"""EC2: capacity reservations, kept and counted: on-demand machines of a reservation's type and zone use it up.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateCapacityReservation.html
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from tideform.sandbox.extension.request import AwsError, parameters, put

Kept = dict[str, dict[str, Any]]
_kept: dict[tuple[str, str], Kept] = {}
_USES = ("pending", "running")


def install() -> None:
    """Extend moto's EC2."""
    for operation in (create_capacity_reservation, describe_capacity_reservations, cancel_capacity_reservation):
        put(EC2Response, operation.__name__, _method(operation))


def create_capacity_reservation(kept: Kept, given: dict[str, Any], backend: Any) -> dict[str, Any]:
    """Make a reservation; it is there at once, and costs whether it is used or not."""
    identity = f"cr-{secrets.token_hex(8)}1"
    kept[identity] = {
        "CapacityReservationId": identity,
        "InstanceType": given["InstanceType"],
        "AvailabilityZone": given["AvailabilityZone"],
        "TotalInstanceCount": int(given["InstanceCount"]),
        "InstanceMatchCriteria": given.get("InstanceMatchCriteria", "open"),
        "InstancePlatform": given["InstancePlatform"],
        "State": "active",
    }
    return {"CapacityReservation": _counted(kept[identity], backend)}


def describe_capacity_reservations(kept: Kept, given: dict[str, Any], backend: Any) -> dict[str, Any]:
    """Reservations by their ids; all if none is named."""
    ids = given.get("CapacityReservationIds") or list(kept)
    if unknown := [identity for identity in ids if identity not in kept]:
        raise AwsError("InvalidCapacityReservationId.NotFound", f"The capacity reservation '{unknown[0]}' is unknown.")
    return {"CapacityReservations": [_counted(kept[identity], backend) for identity in ids]}


def cancel_capacity_reservation(kept: Kept, given: dict[str, Any], _backend: Any) -> dict[str, Any]:
    """Give a reservation back."""
    if given["CapacityReservationId"] in kept:
        kept[given["CapacityReservationId"]]["State"] = "cancelled"
    return {"Return": True}


def _counted(reservation: dict[str, Any], backend: Any) -> dict[str, Any]:
    used = sum(
        one.instance_type == reservation["InstanceType"]
        and one.availability_zone == reservation["AvailabilityZone"]
        and one.lifecycle != "spot"
        and one.state in _USES
        for held in list(backend.reservations.values())
        for one in held.instances
    )
    free = max(0, reservation["TotalInstanceCount"] - used) if reservation["State"] == "active" else 0
    return {**reservation, "AvailableInstanceCount": free}


def _method(operation: Callable[[Kept, dict[str, Any], Any], dict[str, Any]]) -> Callable[[Any], Any]:
    def answer(self: Any) -> Any:
        kept = _kept.setdefault((self.current_account, self.region), {})
        return ActionResult(operation(kept, parameters(self), self.ec2_backend))

    return answer
