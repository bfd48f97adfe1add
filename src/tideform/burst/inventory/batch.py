"""AWS Batch: environments that have machines, and the jobs that would start some."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.reaper.batch_states import UNFINISHED, lists_jobs
from tideform.resources.batch import claimed_queue, described_environments, described_queues, size
from tideform.resources.inventory import Area, Leftover, Place


def awake(place: Place) -> Iterator[Leftover]:
    """Compute environments that are not at zero."""
    for found in described_environments(place):
        name, resources = found["computeEnvironmentName"], found.get("computeResources", {})
        if resources.get("minvCpus") or resources.get("desiredvCpus"):
            awake = Leftover("batch", "compute environment not at zero", name, note=size(found))
            yield from place.claim(awake, name, found.get("tags", {}))


def jobs(place: Place) -> Iterator[Leftover]:
    """Unfinished jobs in our queues; Batch ends those of one that is being deleted itself."""
    asked = (found for found in described_queues(place) if lists_jobs([found]))
    for name in (queue.id for found in asked for queue in claimed_queue(place, found) if queue.ours):
        for status in UNFINISHED:
            for job in place.pages("batch", "list_jobs", "jobSummaryList", jobQueue=name, jobStatus=status):
                yield Leftover("batch", "unfinished job", job["jobId"], job["jobName"], note=status.lower())


AREAS = (Area("Batch jobs", jobs),)
