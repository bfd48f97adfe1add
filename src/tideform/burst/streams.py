"""The logs of a pool's jobs, finished ones too: which streams there are, and following the newest.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogStreams.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tideform.burst.halt import Halt
from tideform.burst.log_stream import LogTail
from tideform.burst.runner import OnLog, cloud_errors
from tideform.cloud import Cloud
from tideform.components.scope import Scope
from tideform.errors import RefusedError
from tideform.spec.deployment import Deployment

_SAGEMAKER = "/aws/sagemaker/TrainingJobs"


@dataclass(frozen=True)
class Streams:
    """The log streams of one pool: a group, and what the names of its streams begin with."""

    cloud: Cloud
    group: str
    prefix: str = ""

    @classmethod
    def of(cls, cloud: Cloud, deployment: Deployment, pool: str) -> Streams:
        """Where the pool's backend writes."""
        unit = deployment.identity("training", pool)
        if deployment.spec.training[pool].backend == "sagemaker":
            return cls(cloud, _SAGEMAKER, deployment.physical_name(unit))
        return cls(cloud, f"{Scope(deployment, 'training').log_prefix}/training/{unit}")

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

    def of_job(self, pool: str, job: str | None) -> list[str]:
        """The streams of a job, oldest first, or the newest stream alone. Raises `RefusedError` TD678 if there is none.

        Batch names streams by the task and not by the job: those it tells itself.
        """
        streams = self._told_by_batch(job) if job is not None else self.names()[:1]
        if streams:
            return streams
        raise RefusedError.of(
            "TD678",
            "There is no such log",
            detail=f"{pool} has no log {f'of the job {job!r}' if job else 'yet'} in {self.group}.",
            fix=f"`tideform jobs {pool}` lists the jobs that run.",
        )

    def show(self, stream: str, on_log: OnLog) -> None:
        """Hand on one stream as far as it goes."""
        with cloud_errors(f"the log {stream} was read"):
            LogTail(self.cloud, on_log).follow(self._container(stream))

    def follow(self, stream: str, on_log: OnLog, halt: Halt, poll: float, over: Callable[[], bool]) -> None:
        """Hand on a stream until ``over``, and change to a newer one as soon as there is one: the next attempt's."""
        tail = LogTail(self.cloud, on_log)
        with cloud_errors(f"the log {stream} was followed"):
            while True:
                last = over()
                tail.follow(self._container(stream))
                if last:
                    return tail.finish(halt, poll)
                halt.pause(poll)
                stream = self.names()[0]

    def _told_by_batch(self, job: str | None) -> list[str]:
        """Of a Batch job each attempt's stream; of others those that carry the job's name."""
        named = [name for name in reversed(self.names()) if job and job in name]
        if named or job is None or self.group == _SAGEMAKER:
            return named
        with cloud_errors(f"the job {job} was looked for"):
            jobs = self.cloud.client("batch").describe_jobs(jobs=[job])["jobs"]
        attempts = [a["container"].get("logStreamName") for found in jobs for a in found.get("attempts", [])]
        attempts += [found.get("container", {}).get("logStreamName") for found in jobs]
        return list(dict.fromkeys(name for name in attempts if name))

    def _container(self, stream: str) -> dict[str, Any]:
        """As `LogTail` knows it from Batch."""
        return {"logStreamName": stream, "logConfiguration": {"options": {"awslogs-group": self.group}}}
