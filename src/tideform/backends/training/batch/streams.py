"""The log streams of a pool on AWS Batch: named by the task and not by the job, so Batch is asked which are whose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tideform.burst.node_streams import Attempt, Stream, ranked
from tideform.burst.runner import cloud_errors
from tideform.burst.streams import Streams
from tideform.cloud import Cloud
from tideform.reaper.batch_states import ALL, describable, lists_jobs


@dataclass(frozen=True)
class BatchStreams(Streams):
    """``queue`` is where jobs of several nodes are looked for: their streams do not tell what belongs together."""

    queue: str = ""

    def newest(self) -> list[Attempt]:
        """Of several nodes as Batch tells them, while it remembers the job."""
        if self.queue:
            with cloud_errors(f"the jobs of {self.queue} were looked for"):
                job = newest_of_batch(self.cloud, self.queue)
                found = of_batch(self.cloud, [job])[-1:] if job else []
            if found:
                return found
        return super().newest()

    def asked(self, job: str) -> list[Attempt]:
        """What Batch tells of a job."""
        with cloud_errors(f"the job {job} was looked for"):
            return of_batch(self.cloud, [job])


def of_batch(cloud: Cloud, job_ids: Sequence[str]) -> list[Attempt]:
    """The attempts of these jobs of AWS Batch, oldest first; a job of several nodes has a stream for each."""
    batch, found = cloud.client("batch"), list[Attempt]()
    for job in batch.describe_jobs(jobs=list(job_ids))["jobs"]:
        if size := int(job.get("arrayProperties", {}).get("size", 0)):
            found += _of_members(cloud, str(job["jobId"]), size)
            continue
        number = int(job.get("nodeProperties", {}).get("numNodes", 0))
        if not number:
            found += [ranked([name]) for name in _attempts(job)]
            continue
        nodes = [batch.describe_jobs(jobs=[f"{job['jobId']}#{rank}"])["jobs"] for rank in range(number)]
        by_rank = {rank: _attempts(told[0]) for rank, told in enumerate(nodes) if told}
        for place in range(max(map(len, by_rank.values()), default=0)):
            found.append(tuple(Stream(names[place], rank) for rank, names in by_rank.items() if place < len(names)))
    return found


def _of_members(cloud: Cloud, array: str, size: int) -> list[Attempt]:
    """The attempts at the members of an array job, each told apart by its index."""
    found = list[Attempt]()
    for asked in describable([f"{array}:{index}" for index in range(size)]):
        for job in cloud.client("batch").describe_jobs(jobs=asked)["jobs"]:
            index = int(str(job["jobId"]).rpartition(":")[2])
            found += [(Stream(name, index),) for name in _attempts(job)]
    return found


def newest_of_batch(cloud: Cloud, queue: str) -> str:
    """The id of the newest job in a queue, also one that has ended in the last seven days; empty if there is none.

    None is told of a queue that went with its pool.
    """
    if not lists_jobs(cloud.client("batch").describe_job_queues(jobQueues=[queue])["jobQueues"]):
        return ""
    paginate = cloud.client("batch").get_paginator("list_jobs").paginate
    pages = [page for state in ALL for page in paginate(jobQueue=queue, jobStatus=state)]
    jobs: list[dict[str, Any]] = [job for page in pages for job in page["jobSummaryList"]]
    return str(max(jobs, key=lambda job: int(job["createdAt"]), default={"jobId": ""})["jobId"])


def _attempts(job: dict[str, Any]) -> list[str]:
    """The streams of a job's attempts, oldest first, with the one that runs."""
    names = [attempt["container"].get("logStreamName") for attempt in job.get("attempts", [])]
    names.append(job.get("container", {}).get("logStreamName"))
    return list(dict.fromkeys(name for name in names if name))
