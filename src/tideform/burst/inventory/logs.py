"""Logs that stay on purpose: those of pools whose definitions go between bursts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tideform.pools.log_groups import KEEP_DAYS, is_lasting, job_log_group
from tideform.resources.inventory import Area, Leftover, Place
from tideform.resources.logs import log_groups

_OF_REMOVED = f"what its jobs have printed, each line for {KEEP_DAYS} days; billed by what it holds"


def of_a_unit(area: Area) -> Area:
    """A question about one unit: a log group that stays where its pool goes is kept on purpose then."""
    return replace(area, find=_lasting) if area.find is log_groups else area


def _lasting(place: Place) -> Iterator[Leftover]:
    for found in log_groups(place):
        stays = found.ours and is_lasting(place.deployment, found.id)
        yield replace(found, note=_OF_REMOVED, kept=True) if stays else found


def kept_log(place: Place, pool: str) -> Iterator[Leftover]:
    """The log of a pool whose definitions go between bursts, if anything is in it: it stays, and costs storage alone.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogStreams.html
    """
    logs, group = place.cloud.client("logs"), job_log_group(place.deployment, pool)
    try:
        found = logs.describe_log_streams(logGroupName=group, limit=1)["logStreams"]
    except logs.exceptions.ResourceNotFoundException:
        return
    if found:
        yield Leftover("logs", "log group", group, note=_OF_REMOVED, kept=True)
