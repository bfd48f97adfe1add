"""Spot prices. Emulated: 35 % of the on-demand list price, a little more or less by zone, and never moving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tideform.times import utc

if TYPE_CHECKING:
    from tideform_sandbox.world import World

SHARE = 0.35
_BY_ZONE = {"b": 1.02, "c": 0.98, "d": 1.03, "e": 0.97, "f": 1.01}


def spot_price(on_demand: float, zone: str) -> float:
    """USD an hour in a zone, as `DescribeSpotPriceHistory` tells it: to four digits behind the point."""
    return round(on_demand * SHARE * _BY_ZONE.get(zone[-1:], 1.0), 4)


def hourly(world: World, instance_type: str, zone: str, *, spot: bool) -> float | None:
    """What a machine costs an hour in the sandbox; None where the list has no such type."""
    listed = world.list_price(instance_type)
    return listed if listed is None or not spot else spot_price(listed, zone)


def install(world: World) -> None:
    """Answer EC2's price history from this."""
    from moto.core.responses import ActionResult
    from moto.ec2.responses import EC2Response

    from tideform_sandbox.extension.request import put

    def describe_spot_price_history(self: Any) -> Any:
        wanted = self._get_param("InstanceTypes", [])
        filters = self._filters_from_querystring()
        if zone := self._get_param("AvailabilityZone"):
            filters["availability-zone"] = [zone]
        offered = self.ec2_backend.describe_spot_price_history(wanted, filters)
        return ActionResult({"SpotPriceHistory": [row for one in offered if (row := _row(world, one))]})

    put(EC2Response, "describe_spot_price_history", describe_spot_price_history)


def _row(world: World, offered: dict[str, Any]) -> dict[str, Any] | None:
    kind, zone = offered["InstanceType"], offered["Location"]
    price = hourly(world, kind, zone, spot=True)
    if price is None:
        return None
    return {
        "InstanceType": kind,
        "ProductDescription": "Linux/UNIX",
        "SpotPrice": f"{price:.4f}",
        "AvailabilityZone": zone,
        "Timestamp": utc(world.clock.now()),
    }
