"""What brings the machines of ``ec2`` pools: groups of Auto Scaling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from tideform.backends.training.ec2.in_account import ending
from tideform.reaper import members
from tideform.reaper.base import Clients, Handle
from tideform.reaper.sources import UNIT, Place, Source, filters, pool_of

SERVICE = "Auto Scaling"
_MOST_GROUPS = 50  # https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html


def look(clients: Clients, own: Mapping[str, str], handles: Sequence[Handle]) -> Place:
    """See `tideform.reaper.sources.Sources`."""
    named = {one["group"]: pool for one in handles if "group" in one and (pool := pool_of(one))}
    pools: dict[str, str] = {}
    sources: list[tuple[str, Source]] = []
    for group in _groups_of(clients, own, named):
        name, tags = str(group["AutoScalingGroupName"]), {tag["Key"]: tag.get("Value", "") for tag in group["Tags"]}
        pools[name] = named.get(name) or tags.get(UNIT, "")
        if ending.asks(group):
            sources.append((pools[name], Source(name, partial(ending.hold_at_zero, clients, group), tags=tags)))
    return Place(pools, sources, members.of_groups)


def _groups_of(clients: Clients, own: Mapping[str, str], names: Iterable[str]) -> Iterable[Any]:
    """Those with our tags, and those that lost them."""
    asked: list[dict[str, Any]] = [{"Filters": filters(own)}]
    listed = sorted(names)
    asked += [{"AutoScalingGroupNames": listed[i : i + _MOST_GROUPS]} for i in range(0, len(listed), _MOST_GROUPS)]
    pages = clients.client("autoscaling").get_paginator("describe_auto_scaling_groups")
    found = [group for one in asked for page in pages.paginate(**one) for group in page["AutoScalingGroups"]]
    return {group["AutoScalingGroupName"]: group for group in found}.values()
