"""A job's output as it comes, out of CloudWatch Logs.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tideform.burst.halt import Halt
from tideform.burst.runner import OnLog
from tideform.cloud import Cloud

_DEFAULT_GROUP = "/aws/batch/job"
_QUIET_READS = 2  # empty reads in a row after which a finished job's log is taken to be whole


@dataclass
class LogTail:
    """Follows the log of a job; each new attempt has a stream of its own."""

    cloud: Cloud
    on_log: OnLog
    _group: str = field(default="", init=False)
    _stream: str = field(default="", init=False)
    _token: str | None = field(default=None, init=False)

    def follow(self, container: Mapping[str, Any]) -> None:
        """Hand on what is new, and change over to a new attempt's stream."""
        stream = container.get("logStreamName")
        if stream and stream != self._stream:
            self.read()
            options = (container.get("logConfiguration") or {}).get("options") or {}
            self._group, self._stream = options.get("awslogs-group", _DEFAULT_GROUP), stream
            self._token = None
        self.read()

    def finish(self, halt: Halt, poll: float) -> None:
        """Read until nothing more comes: the agent sends the last lines some time after the job's end."""
        finish_all([self], halt, poll)

    def read(self) -> bool:
        """Hand on every event up to now; whether there was one."""
        found = False
        while self._stream:
            events = self._page()
            if not events:
                break
            found = True
            for event in events:
                self.on_log(event["message"])
        return found

    def _page(self) -> list[dict[str, Any]]:
        logs = self.cloud.client("logs")
        where = {"logGroupName": self._group, "logStreamName": self._stream, "startFromHead": True}
        if self._token is not None:
            where["nextToken"] = self._token
        try:
            answer = logs.get_log_events(**where)
        except logs.exceptions.ResourceNotFoundException:  # the stream comes with its first line
            return []
        self._token = answer["nextForwardToken"]
        events: list[dict[str, Any]] = answer["events"]
        return events


def finish_all(tails: Iterable[LogTail], halt: Halt, poll: float) -> None:
    """Read the logs of one job's nodes until nothing more comes of any."""
    quiet, chosen = 0, list(tails)
    while quiet < _QUIET_READS:
        came = [tail.read() for tail in chosen]
        quiet = 0 if any(came) else quiet + 1
        if quiet < _QUIET_READS:
            halt.wait(poll)
