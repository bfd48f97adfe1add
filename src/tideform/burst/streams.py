"""The logs of a pool's jobs, finished ones too: which streams there are, and following the newest.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogStreams.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tideform.burst.halt import Halt
from tideform.burst.log_stream import LogTail, finish_all
from tideform.burst.node_streams import Attempt, Stream, newest_of_batch, of_batch, of_command, of_hosts
from tideform.burst.runner import OnLog, cloud_errors
from tideform.cloud import Cloud
from tideform.errors import RefusedError
from tideform.pools.log_groups import KEEP_DAYS, job_log_group
from tideform.pools.names import PoolNames
from tideform.spec.deployment import Deployment

Attempts = Callable[[], Iterable[Attempt]]
_SAGEMAKER = "/aws/sagemaker/TrainingJobs"


@dataclass(frozen=True)
class Streams:
    """The log streams of one pool: a group, and what the names of its streams begin with.

    ``queue`` is where jobs of several nodes are looked for on AWS Batch: its streams do not tell what belongs together.
    """

    cloud: Cloud
    group: str
    backend: str = "batch"
    prefix: str = ""
    queue: str = ""

    @classmethod
    def of(cls, cloud: Cloud, deployment: Deployment, pool: str) -> Streams:
        """Where the pool's backend writes."""
        spec = deployment.spec.training[pool]
        if spec.backend == "sagemaker":
            prefix = deployment.physical_name(deployment.identity("training", pool))
            return cls(cloud, _SAGEMAKER, spec.backend, prefix)
        queue = PoolNames(deployment, pool).job_queue if spec.backend == "batch" and spec.job.nodes > 1 else ""
        return cls(cloud, job_log_group(deployment, pool), spec.backend, queue=queue)

    def names(self) -> list[str]:
        """Every stream's name, the newest first; none where nothing was ever written."""
        logs = self.cloud.client("logs")
        wanted = {"logStreamNamePrefix": self.prefix} if self.prefix else {}
        with cloud_errors(f"the logs in {self.group} were looked for"):
            try:
                pages = logs.get_paginator("describe_log_streams").paginate(logGroupName=self.group, **wanted)
                found: list[dict[str, Any]] = [stream for page in pages for stream in page["logStreams"]]
            except logs.exceptions.ResourceNotFoundException:
                return []
        return [s["logStreamName"] for s in sorted(found, key=lambda s: int(s["creationTime"]), reverse=True)]

    def of_jobs(self, jobs: Iterable[str]) -> list[Attempt]:
        """The attempts at these jobs, oldest first; none where nothing of them was written yet."""
        return [attempt for job in jobs for attempt in self._of(job)]

    def of_job(self, pool: str, job: str | None) -> list[Attempt]:
        """A job's attempts, oldest first, or the newest one alone. Raises `RefusedError` TD678 if there is none."""
        attempts = self.of_jobs([job]) if job is not None else self.newest()
        if attempts:
            return attempts
        which = f" of the job {job!r}" if job else ""
        raise RefusedError.of(
            "TD678",
            "There is no such log",
            detail=f"{pool} has no log{which} in {self.group}.",
            fix=f"`tideform jobs {pool}` lists the jobs; what they printed is kept for {KEEP_DAYS} days, or until an "
            "apply takes the pool away.",
        )

    def newest(self) -> list[Attempt]:
        """The newest attempt, with the streams of all its nodes; none where nothing was ever written."""
        if self.queue:
            with cloud_errors(f"the jobs of {self.queue} were looked for"):
                job = newest_of_batch(self.cloud, self.queue)
                found = of_batch(self.cloud, [job])[-1:] if job else []
            if found:
                return found
        names = self.names()
        alike = [name for name in reversed(names) if _first(name) == _first(names[0])]
        return self._grouped(alike)[-1:]

    def show(self, attempt: Attempt, on_log: OnLog) -> None:
        """Hand on the streams of one attempt as far as they go, one node's after the other's."""
        with cloud_errors(f"the log {attempt[0].name} was read"):
            for stream in attempt:
                self._tail(stream, on_log).follow(self._container(stream))

    def follow(self, more: Attempts, on_log: OnLog, halt: Halt, poll: float, over: Callable[[], bool]) -> None:
        """Hand on what is written until ``over``, in the attempts that there are by then: ``more`` is asked anew."""
        tails = {stream: self._tail(stream, on_log) for attempt in more() for stream in attempt}
        with cloud_errors(f"logs in {self.group} were followed"):
            while True:
                last = over()
                for stream, tail in tails.items():
                    tail.follow(self._container(stream))
                if last:
                    return finish_all(tails.values(), halt, poll)
                halt.pause(poll)
                for stream in (one for attempt in more() for one in attempt if one not in tails):
                    tails[stream] = self._tail(stream, on_log)

    def _of(self, job: str) -> list[Attempt]:
        """Batch names streams by the task and not by the job: those it tells itself. Others carry the job's name."""
        if named := [name for name in reversed(self.names()) if job in name]:
            return self._grouped(named)
        if self.backend != "batch":
            return []
        with cloud_errors(f"the job {job} was looked for"):
            return of_batch(self.cloud, [job])

    def _grouped(self, names: list[str]) -> list[Attempt]:
        """Streams, oldest first, as attempts: SSM and SageMaker begin the names of all nodes' streams alike."""
        if self.backend == "batch":
            return [(Stream(name),) for name in names]
        groups: dict[str, list[str]] = {}
        for name in (one for one in names if not one.endswith("/stderr")):
            groups.setdefault(_first(name), []).append(name)
        if self.backend == "sagemaker":
            return [of_hosts(group) for group in groups.values()]
        with cloud_errors("the machines of a job were looked for"):
            return [of_command(self.cloud, group) for group in groups.values()]

    def _tail(self, stream: Stream, on_log: OnLog) -> LogTail:
        return LogTail(self.cloud, lambda line: on_log(stream.line(line)))

    def _container(self, stream: Stream) -> dict[str, Any]:
        """As `LogTail` knows it from Batch."""
        return {"logStreamName": stream.name, "logConfiguration": {"options": {"awslogs-group": self.group}}}


def _first(name: str) -> str:
    return name.partition("/")[0]
