"""Capacity that nobody holds: found by tag, whatever the table says, and told apart by what it says of itself.

Three kinds. A *stray* names a lease that holds nothing: its burst is over, or was never to begin, and it ends at once.
Machines *by hand* carry the pool's tags and name no lease: somebody put them there, or took tags away, so they are told
first and end after a grace. A *source* (a group, an environment, a queue) that asks for machines while nobody holds the
pool is closed, or it would bring the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from tideform.burst.reaper import instances
from tideform.burst.reaper.base import Clients, Node
from tideform.burst.reaper.claims import EXPIRES, LEASE, token_of
from tideform.burst.reaper.endings import batch, ec2, sagemaker
from tideform.burst.reaper.items import Item
from tideform.burst.reaper.ledger import pool_of
from tideform.burst.reaper.pools import IDLE

PROJECT, ENVIRONMENT, LAYER, UNIT = (f"tideform:{key}" for key in ("project", "environment", "layer", "unit"))
# What only the pool's own group, environment or node pool gives to a machine, and nobody takes away.
_MEMBER = ("aws:autoscaling:groupName", "AWSBatchServiceTag", "aws:batch:compute-environment", "karpenter.sh/nodepool")
_STATES = ["pending", "running", "stopping", "stopped"]


@dataclass(frozen=True)
class Source:
    """What would bring machines; ``close`` takes one step towards none."""

    name: str
    close: Callable[[], object]


@dataclass
class Sight:
    """What stands of one pool, and what asks for more."""

    machines: list[Node] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)


@dataclass(frozen=True)
class Unheld:
    """What of it nobody holds."""

    strays: list[Node]
    by_hand: list[Node]
    sources: list[Source]

    def __bool__(self) -> bool:
        return bool(self.strays or self.by_hand or self.sources)


def look(clients: Clients, project: str, environment: str, backends: Iterable[str]) -> dict[str, Sight]:
    """Everything of the project and environment that costs money or may bring some, by the pool in its tags."""
    found: dict[str, Sight] = {}
    own = {PROJECT: project, ENVIRONMENT: environment}
    filters = [*_filters(own), {"Name": "instance-state-name", "Values": _STATES}]
    for node in map(instances.node_of, instances.described(clients, filters)):
        if node.tags.get(LAYER, "training") == "training" and (pool := node.tags.get(UNIT)):
            found.setdefault(pool, Sight()).machines.append(node)
    finders = {"ec2": _groups, "batch": _batch}
    for backend in sorted(finders.keys() & set(backends)):
        for pool, source in finders[backend](clients, own):
            found.setdefault(pool, Sight()).sources.append(source)
    return found


def look_for_jobs(clients: Clients, pools: Iterable[Item], found: dict[str, Sight]) -> None:
    """Add the training jobs and warm machines of pools that nobody holds to what was ``found``: they are no instances.

    Whose item is gone is not looked for: such a job has an end of its own from the beginning.
    """
    for item in pools:
        handle = item.get("handle") or {}
        if quiet(item) and handle.get("backend") == "sagemaker":
            for job in (*sagemaker.jobs(clients, handle), *sagemaker.warm_pools(clients, handle)):
                source = Source(str(job["TrainingJobName"]), partial(sagemaker.stop, clients, handle))
                found.setdefault(pool_of(item["pk"]), Sight()).sources.append(source)


def quiet(item: Item | None) -> bool:
    """Whether nobody holds the pool, and nobody is taking it down."""
    return not item or (not item.get("leases") and item.get("state", IDLE) == IDLE)


def judged(sight: Sight, item: Item | None) -> Unheld:
    """What of it nobody holds; ``item`` is the pool's, read after ``sight``: a lease is written before its machines."""
    rest = quiet(item)
    return Unheld(
        strays=[node for node in sight.machines if is_stray(node.tags, item)],
        by_hand=[node for node in sight.machines if is_by_hand(node.tags, item)],
        sources=sight.sources if rest else [],
    )


def is_stray(tags: Mapping[str, str], item: Item | None) -> bool:
    """Whether a machine names a lease, and that one holds nothing.

    While others hold the pool, a machine that was launched since the last teardown is theirs as well: leases share it.
    """
    if not (LEASE in tags or EXPIRES in tags):
        return False
    if item is None or quiet(item):
        return True
    return tags.get(LEASE) not in item["leases"] and 0 < token_of(tags) <= int(item.get("fence") or 0)


def is_by_hand(tags: Mapping[str, str], item: Item | None) -> bool:
    """Whether a machine names no lease, and is none that the pool's own group or environment has launched for one."""
    named = LEASE in tags or EXPIRES in tags
    return not named and (quiet(item) or not any(key in tags for key in _MEMBER))


def past(tags: Mapping[str, str], now: float) -> bool:
    """Whether a machine says that its time is over; one that says a time that nobody can read is past it."""
    if EXPIRES not in tags:
        return False
    try:
        return datetime.fromisoformat(tags[EXPIRES]).timestamp() <= now
    except ValueError:
        return True


def _groups(clients: Clients, own: Mapping[str, str]) -> Iterator[tuple[str, Source]]:
    pages = clients.client("autoscaling").get_paginator("describe_auto_scaling_groups").paginate(Filters=_filters(own))
    for group in (group for page in pages for group in page["AutoScalingGroups"]):
        tags = {tag["Key"]: tag.get("Value", "") for tag in group["Tags"]}
        if group["MinSize"] or group["DesiredCapacity"]:
            close = partial(ec2.hold_at_zero, clients, group)
            yield tags.get(UNIT, ""), Source(str(group["AutoScalingGroupName"]), close)


def _batch(clients: Clients, own: Mapping[str, str]) -> Iterator[tuple[str, Source]]:
    api = clients.client("batch")
    for page in api.get_paginator("describe_compute_environments").paginate():
        for one in page["computeEnvironments"]:
            if _ours(one, own) and int(one.get("computeResources", {}).get("minvCpus") or 0):
                close = partial(batch.hold_at_zero, clients, one)
                yield one["tags"].get(UNIT, ""), Source(str(one["computeEnvironmentName"]), close)
    for page in api.get_paginator("describe_job_queues").paginate():
        for one in page["jobQueues"]:
            if _ours(one, own) and one["state"] == "ENABLED":
                close = partial(batch.set_queues, clients, [one], "DISABLED")
                yield one["tags"].get(UNIT, ""), Source(str(one["jobQueueName"]), close)


def _ours(found: Mapping[str, Any], own: Mapping[str, str]) -> bool:
    return own.items() <= (found.get("tags") or {}).items()


def _filters(own: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"Name": f"tag:{key}", "Values": [value]} for key, value in own.items()]
