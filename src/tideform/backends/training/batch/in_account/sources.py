"""What brings the machines of ``batch`` pools: compute environments, by the jobs in their queues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from tideform.backends.training.batch.in_account import ending
from tideform.reaper import members
from tideform.reaper.base import Clients, Handle
from tideform.reaper.sources import Place, Source, pool_of, unit_of

SERVICE = "Batch"


def look(clients: Clients, own: Mapping[str, str], handles: Sequence[Handle]) -> Place:
    """See `tideform.reaper.sources.Sources`."""
    api = clients.client("batch")
    named = {one["job_queue"]: pool for one in handles if "job_queue" in one and (pool := pool_of(one))}
    pools: dict[str, str] = {}
    sources: list[tuple[str, Source]] = []
    behind: dict[str, str] = {}  # environments of the pools' queues, which may have lost their own tags
    for queue in (one for page in api.get_paginator("describe_job_queues").paginate() for one in page["jobQueues"]):
        if (of := named.get(queue["jobQueueName"]) or unit_of(queue, own)) is None:
            continue
        behind |= {str(entry["computeEnvironment"]): of for entry in queue["computeEnvironmentOrder"]}
        if queue["state"] == "ENABLED":
            name, close = str(queue["jobQueueName"]), partial(ending.set_queues, clients, [queue], "DISABLED")
            sources.append((of, Source(name, close, jobs=partial(ending.tags_of_jobs, clients, name))))
    listed = api.get_paginator("describe_compute_environments").paginate()
    for one in (one for page in listed for one in page["computeEnvironments"]):
        name = str(one["computeEnvironmentName"])
        if (its := behind.get(one["computeEnvironmentArn"]) or behind.get(name) or unit_of(one, own)) is None:
            continue
        pools[name] = its
        resources = one.get("computeResources", {})
        if int(resources.get("minvCpus") or 0):
            close = partial(ending.hold_at_zero, clients, one)
            sources.append((its, Source(name, close, ending.stuck(one), resources.get("tags") or {})))
    return Place(pools, sources, members.of_environments)
