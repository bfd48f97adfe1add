"""A job attempt's output as a CloudWatch Logs stream in moto, named as AWS Batch names it.

https://docs.aws.amazon.com/batch/latest/userguide/using_awslogs.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_GROUP = "/aws/batch/job"
_writing = threading.Lock()  # moto's streams are not safe for several writers


class NoLogGroup(Exception):  # noqa: N818  # what the container agent reports, not a failure of ours
    """The job's log group does not exist; AWS does not make it either."""


@dataclass(frozen=True)
class LogStream:
    """An open stream. ``write`` takes a line without its end."""

    group: Any
    name: str
    now: Callable[[], float]

    def write(self, line: str) -> None:
        """Append one line; empty ones are kept as a blank, which is what the API allows."""
        event = {"timestamp": int(self.now() * 1000), "message": line or " "}
        with _writing:
            if self.name in self.group.streams:  # somebody may have deleted the stream
                self.group.put_log_events(self.name, [event])


def open_stream(
    backend: Any, configuration: Mapping[str, Any], job_definition: str, task: str, now: Callable[[], float]
) -> LogStream:
    """Make the stream for one attempt. Raises `NoLogGroup` where AWS would fail to start the container."""
    options = configuration.get("options") or {}
    group = options.get("awslogs-group", DEFAULT_GROUP)
    name = f"{options.get('awslogs-stream-prefix', job_definition)}/default/{task}"
    with _writing:
        if group == DEFAULT_GROUP or options.get("awslogs-create-group") == "true":
            backend.ensure_log_group(group)
        if group not in backend.groups:
            raise NoLogGroup(f"The specified log group does not exist: {group}")
        backend.groups[group].create_log_stream(name)
    return LogStream(backend.groups[group], name, now)
