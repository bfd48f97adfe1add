"""Which log streams belong together: those of one attempt of a job, one for each of its nodes, by rank."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tideform.cloud import Cloud
from tideform.reaper.batch_states import ALL, describable, lists_jobs

_HOST = re.compile(r"/algo-(?P<number>\d+)")  # SageMaker's name of a host in a stream's; they count from 1


@dataclass(frozen=True)
class Stream:
    """One node's log. ``rank`` is None where there is one node only."""

    name: str
    rank: int | None = None

    def line(self, text: str) -> str:
        """As `burst run` shows it: lines of several nodes are told apart."""
        return text if self.rank is None else f"[{self.rank}] {text}"


Attempt = tuple[Stream, ...]


def ranked(names: Sequence[str]) -> Attempt:
    """The streams of one attempt, given in the order of ranks."""
    return (Stream(names[0]),) if len(names) == 1 else tuple(Stream(name, rank) for rank, name in enumerate(names))


def of_command(cloud: Cloud, names: Iterable[str]) -> Attempt:
    """Streams of one SSM command (``COMMAND/INSTANCE/…``); rank 0 is the first of the instances it was sent to."""
    found = {name.split("/")[1]: name for name in names}
    (command_id,) = {name.partition("/")[0] for name in found.values()}
    told = cloud.client("ssm").list_commands(CommandId=command_id)["Commands"]  # none where it is long ago
    order = [one for command in told for one in command["InstanceIds"] if one in found]
    return ranked([found[one] for one in order or sorted(found)])


def of_hosts(names: Iterable[str]) -> Attempt:
    """Streams of one training job of SageMaker (``JOB/algo-1-…``)."""
    return ranked(sorted(names, key=_host))


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


def _host(name: str) -> int:
    found = _HOST.search(name)
    return int(found["number"]) if found else 0
