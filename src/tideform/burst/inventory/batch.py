"""AWS Batch: what may start machines, and the jobs that would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tideform.burst.inventory.base import Area, Leftover, Place

_UNFINISHED = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")


def _environments(place: Place) -> Iterator[dict[str, Any]]:
    found = place.pages("batch", "describe_compute_environments", "computeEnvironments")
    yield from (e for e in found if e.get("status") != "DELETED")


def _queues(place: Place) -> Iterator[dict[str, Any]]:
    found = place.pages("batch", "describe_job_queues", "jobQueues")
    yield from (q for q in found if q.get("status") != "DELETED")


def environments(place: Place) -> Iterator[Leftover]:
    """Compute environments; at zero they cost nothing."""
    for found in _environments(place):
        name = found["computeEnvironmentName"]
        if place.ours(name, found.get("tags")):
            yield Leftover("batch", "compute environment", name, note=_size(found))


def awake(place: Place) -> Iterator[Leftover]:
    """Compute environments of the pool that are not at zero."""
    queues = [q for q in _queues(place) if q["jobQueueName"] == _queue_name(place)]
    used = {entry["computeEnvironment"] for queue in queues for entry in queue["computeEnvironmentOrder"]}
    for found in _environments(place):
        resources = found.get("computeResources", {})
        at_zero = not resources.get("minvCpus") and not resources.get("desiredvCpus")
        if used & {found["computeEnvironmentArn"], found["computeEnvironmentName"]} and not at_zero:
            name = found["computeEnvironmentName"]
            yield Leftover("batch", "compute environment not at zero", name, note=_size(found))


def queues(place: Place) -> Iterator[Leftover]:
    """Job queues."""
    for found in _queues(place):
        if place.ours(found["jobQueueName"], found.get("tags")):
            yield Leftover("batch", "job queue", found["jobQueueName"])


def jobs(place: Place) -> Iterator[Leftover]:
    """Unfinished jobs in our queues."""
    for queue in _queues(place):
        name = queue["jobQueueName"]
        if not place.ours(name, queue.get("tags")):
            continue
        for status in _UNFINISHED:
            for job in place.pages("batch", "list_jobs", "jobSummaryList", jobQueue=name, jobStatus=status):
                yield Leftover("batch", "unfinished job", job["jobId"], job["jobName"], note=status.lower())


def definitions(place: Place) -> Iterator[Leftover]:
    """Job definitions that are still active; inactive ones go away by themselves."""
    active = place.pages("batch", "describe_job_definitions", "jobDefinitions", status="ACTIVE")
    for found in active:
        name = found["jobDefinitionName"]
        if place.ours(name, found.get("tags")):
            yield Leftover("batch", "job definition", f"{name}:{found['revision']}")


def _queue_name(place: Place) -> str:
    from tideform.catalogue.training._names import PoolNames

    return PoolNames(place.deployment, place.unit or "").job_queue


def _size(found: dict[str, Any]) -> str:
    resources = found.get("computeResources", {})
    return f"minimum {resources.get('minvCpus', 0)}, now {resources.get('desiredvCpus', 0)} vCPUs"


AREAS = (
    Area("Batch compute environments", environments),
    Area("Batch job queues", queues),
    Area("Batch jobs", jobs),
    Area("Batch job definitions", definitions),
)
