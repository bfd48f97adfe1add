"""What brings a pool's machines: groups of Auto Scaling, and Batch's environments and queues.

Found by their tags and by the pools' handles, so that one which lost its tags is closed as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tideform.backends.training.batch.in_account import ending as batch
from tideform.backends.training.ec2.in_account import ending as ec2
from tideform.reaper import members
from tideform.reaper.base import Clients, Handle, Node

PROJECT, ENVIRONMENT, LAYER, UNIT = (f"tideform:{key}" for key in ("project", "environment", "layer", "unit"))
_MOST_GROUPS = 50  # https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html


@dataclass(frozen=True)
class Source:
    """What would bring machines; ``close`` takes one step towards none. ``stuck``: it takes none now.

    ``tags`` are those of its machines: in whose name it would bring them, where it says so. ``jobs`` asks for those of
    the jobs that it would bring them for.
    """

    name: str
    close: Callable[[], object]
    stuck: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    jobs: Callable[[], Iterable[Mapping[str, str]]] = tuple


@dataclass(frozen=True)
class Place:
    """What launches on one backend: which pool each is of, what of it asks for machines, and how members are found."""

    pools: Mapping[str, str]
    sources: list[tuple[str, Source]]
    members: Callable[[Clients, Iterable[str]], list[Node]]


def _groups(clients: Clients, own: Mapping[str, str], handles: Sequence[Handle]) -> Place:
    named = {one["group"]: pool for one in handles if "group" in one and (pool := _pool_of(one))}
    pools: dict[str, str] = {}
    sources: list[tuple[str, Source]] = []
    for group in _groups_of(clients, own, named):
        name, tags = str(group["AutoScalingGroupName"]), {tag["Key"]: tag.get("Value", "") for tag in group["Tags"]}
        pools[name] = named.get(name) or tags.get(UNIT, "")
        if ec2.asks(group):
            sources.append((pools[name], Source(name, partial(ec2.hold_at_zero, clients, group), tags=tags)))
    return Place(pools, sources, members.of_groups)


def _groups_of(clients: Clients, own: Mapping[str, str], names: Iterable[str]) -> Iterable[Any]:
    """Those with our tags, and those that lost them."""
    asked: list[dict[str, Any]] = [{"Filters": filters(own)}]
    listed = sorted(names)
    asked += [{"AutoScalingGroupNames": listed[i : i + _MOST_GROUPS]} for i in range(0, len(listed), _MOST_GROUPS)]
    pages = clients.client("autoscaling").get_paginator("describe_auto_scaling_groups")
    found = [group for one in asked for page in pages.paginate(**one) for group in page["AutoScalingGroups"]]
    return {group["AutoScalingGroupName"]: group for group in found}.values()


def _batch(clients: Clients, own: Mapping[str, str], handles: Sequence[Handle]) -> Place:
    api = clients.client("batch")
    named = {one["job_queue"]: pool for one in handles if "job_queue" in one and (pool := _pool_of(one))}
    pools: dict[str, str] = {}
    sources: list[tuple[str, Source]] = []
    behind: dict[str, str] = {}  # environments of the pools' queues, which may have lost their own tags
    for queue in (one for page in api.get_paginator("describe_job_queues").paginate() for one in page["jobQueues"]):
        if (of := named.get(queue["jobQueueName"]) or _unit(queue, own)) is None:
            continue
        behind |= {str(entry["computeEnvironment"]): of for entry in queue["computeEnvironmentOrder"]}
        if queue["state"] == "ENABLED":
            name, close = str(queue["jobQueueName"]), partial(batch.set_queues, clients, [queue], "DISABLED")
            sources.append((of, Source(name, close, jobs=partial(batch.tags_of_jobs, clients, name))))
    listed = api.get_paginator("describe_compute_environments").paginate()
    for one in (one for page in listed for one in page["computeEnvironments"]):
        name = str(one["computeEnvironmentName"])
        if (its := behind.get(one["computeEnvironmentArn"]) or behind.get(name) or _unit(one, own)) is None:
            continue
        pools[name] = its
        resources = one.get("computeResources", {})
        if int(resources.get("minvCpus") or 0):
            close = partial(batch.hold_at_zero, clients, one)
            sources.append((its, Source(name, close, batch.stuck(one), resources.get("tags") or {})))
    return Place(pools, sources, members.of_environments)


PLACES: Mapping[str, tuple[Callable[[Clients, Mapping[str, str], Sequence[Handle]], Place], str]] = {
    "batch": (_batch, "Batch"),
    "ec2": (_groups, "Auto Scaling"),
}


def _unit(found: Mapping[str, Any], own: Mapping[str, str]) -> str | None:
    """The pool in the tags of something of ours; None: it is somebody else's."""
    tags = found.get("tags") or {}
    return str(tags.get(UNIT, "")) if own.items() <= tags.items() else None


def _pool_of(handle: Handle) -> str:
    return str(handle.get("tags", {}).get(UNIT, ""))


def filters(own: Mapping[str, str]) -> list[dict[str, Any]]:
    """What EC2 and Auto Scaling are asked by: these tags."""
    return [{"Name": f"tag:{key}", "Values": [value]} for key, value in own.items()]
