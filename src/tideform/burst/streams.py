"""The logs of a pool's jobs, finished ones too: which streams there are, and following the newest.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogStreams.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from tideform.burst.halt import Halt
from tideform.burst.log_stream import LogTail, finish_all
from tideform.burst.node_streams import Attempt, Stream
from tideform.burst.runner import OnLog, cloud_errors
from tideform.cloud import Cloud
from tideform.errors import RefusedError
from tideform.pools.log_groups import KEEP_DAYS

Attempts = Callable[[], Iterable[Attempt]]


class LiveLogs(Protocol):
    """The logs of jobs that are read from what runs them: they last as long as that does."""

    def show(self, pool: str, job: str | None, on_log: OnLog) -> None:
        """Hand on what a job has printed, by its id or name, or else the newest. Raises `RefusedError` TD678."""
        ...

    def follow(self, pool: str, job: str | None, on_log: OnLog, halt: Halt, poll: float) -> None:
        """Hand on what a job prints until it is over. Raises `RefusedError` TD678 if there is none."""
        ...


@dataclass(frozen=True)
class Streams:
    """The log streams of one pool: a group, and what the names of its streams begin with.

    A backend whose jobs have several streams each says which belong together.
    """

    cloud: Cloud
    group: str
    prefix: str = ""

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
        names = self.names()
        alike = [name for name in reversed(names) if _first(name) == _first(names[0])]
        return self.grouped(alike)[-1:]

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

    def asked(self, job: str) -> list[Attempt]:  # noqa: ARG002
        """The attempts at a job whose streams do not carry its name, as its backend tells them."""
        return []

    def grouped(self, names: list[str]) -> list[Attempt]:
        """Streams, oldest first, as attempts."""
        return [(Stream(name),) for name in names]

    def _of(self, job: str) -> list[Attempt]:
        if named := [name for name in reversed(self.names()) if job in name]:
            return self.grouped(named)
        return self.asked(job)

    def _tail(self, stream: Stream, on_log: OnLog) -> LogTail:
        return LogTail(self.cloud, lambda line: on_log(stream.line(line)))

    def _container(self, stream: Stream) -> dict[str, Any]:
        """As `LogTail` knows it from Batch."""
        return {"logStreamName": stream.name, "logConfiguration": {"options": {"awslogs-group": self.group}}}


def by_beginning(names: Iterable[str]) -> Iterable[list[str]]:
    """Streams whose names begin alike, up to the first slash; nobody is shown what goes to stderr apart."""
    groups: dict[str, list[str]] = {}
    for name in (one for one in names if not one.endswith("/stderr")):
        groups.setdefault(_first(name), []).append(name)
    return groups.values()


def _first(name: str) -> str:
    return name.partition("/")[0]
