"""AWS Batch: what may start machines, and the jobs that would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tideform.burst.inventory.base import Area, Leftover, Place
from tideform.reaper.batch_states import UNFINISHED, lists_jobs


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
        yield from place.claim(
            Leftover("batch", "compute environment", name, note=_size(found)), name, found.get("tags", {})
        )


def awake(place: Place) -> Iterator[Leftover]:
    """Compute environments that are not at zero."""
    for found in _environments(place):
        name, resources = found["computeEnvironmentName"], found.get("computeResources", {})
        if resources.get("minvCpus") or resources.get("desiredvCpus"):
            awake = Leftover("batch", "compute environment not at zero", name, note=_size(found))
            yield from place.claim(awake, name, found.get("tags", {}))


def queues(place: Place) -> Iterator[Leftover]:
    """Job queues."""
    for found in _queues(place):
        yield from _queue(place, found)


def _queue(place: Place, found: dict[str, Any]) -> Iterator[Leftover]:
    name = found["jobQueueName"]
    yield from place.claim(Leftover("batch", "job queue", name), name, found.get("tags", {}))


def jobs(place: Place) -> Iterator[Leftover]:
    """Unfinished jobs in our queues; Batch ends those of one that is being deleted itself."""
    asked = (found for found in _queues(place) if lists_jobs([found]))
    for name in (queue.id for found in asked for queue in _queue(place, found) if queue.ours):
        for status in UNFINISHED:
            for job in place.pages("batch", "list_jobs", "jobSummaryList", jobQueue=name, jobStatus=status):
                yield Leftover("batch", "unfinished job", job["jobId"], job["jobName"], note=status.lower())


def definitions(place: Place) -> Iterator[Leftover]:
    """Job definitions that are still active; inactive ones go away by themselves."""
    active = place.pages("batch", "describe_job_definitions", "jobDefinitions", status="ACTIVE")
    for found in active:
        name = found["jobDefinitionName"]
        definition = Leftover("batch", "job definition", f"{name}:{found['revision']}")
        yield from place.claim(definition, name, found.get("tags", {}))


def _size(found: dict[str, Any]) -> str:
    resources = found.get("computeResources", {})
    return f"minimum {resources.get('minvCpus', 0)}, now {resources.get('desiredvCpus', 0)} vCPUs"


AREAS = (
    Area("Batch compute environments", environments),
    Area("Batch job queues", queues),
    Area("Batch jobs", jobs),
    Area("Batch job definitions", definitions),
)
