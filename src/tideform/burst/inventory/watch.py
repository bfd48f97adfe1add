"""Alarms that no program makes."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.resources.inventory import Area, Leftover, Place

_SCALING = "TargetTracking-endpoint/"  # how application autoscaling calls the alarms that it makes


def scaling_alarms(place: Place) -> Iterator[Leftover]:
    """Those that application autoscaling made: without tags, with the endpoint in the name."""
    price = place.prices.services["cloudwatch:alarm"].hourly
    for endpoint in sorted(place.endpoints()):
        start = f"{_SCALING}{endpoint}/"
        for found in place.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=start):
            yield Leftover("cloudwatch", "alarm", found["AlarmName"], hourly_usd=price)


AREAS = (Area("CloudWatch alarms of autoscaling", scaling_alarms),)
