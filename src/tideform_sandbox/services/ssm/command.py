"""One command and its invocation on each instance: data, and what the API says of it.

https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
"""

from __future__ import annotations

import math
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tideform_sandbox.nodes.process import RunningCommand

PLUGIN = "aws:runShellScript"
RUNNING = ("Pending", "InProgress", "Cancelling")
_SHOWN = 24000  # characters of output that GetCommandInvocation gives


@dataclass
class Invocation:
    """The command on one instance. ``output`` keeps the last lines; its log stream has them all.

    ``ended`` is when it did for SSM, ``cut`` whether its script was killed. What that has begun may live on for a
    while, until ``kill_at`` at the latest once it was asked to end: ``gone`` is when nothing of it does.
    """

    instance_id: str
    status: str = "Pending"
    details: str = "Pending"
    code: int = -1
    started: float = 0.0
    ended: float = 0.0
    cut: bool = False
    kill_at: float = math.inf
    gone: bool = False
    process: RunningCommand | None = None
    output: deque[str] = field(default_factory=lambda: deque(maxlen=1000))

    @property
    def runs(self) -> bool:
        """Whether anything of it lives."""
        return self.process is not None and not self.gone

    @property
    def leaving(self) -> bool:
        """Whether SSM has ended it, and its container still saves its work."""
        return self.runs and bool(self.ended)


@dataclass
class Command:
    """``given`` is the request; ``port`` is one that is free on this machine, for ranks to meet at."""

    given: dict[str, Any]
    instance_ids: list[str]
    requested: float
    port: int
    id: str = field(default_factory=lambda: str(UUID(hex=secrets.token_hex(16), version=4)))
    invocations: dict[str, Invocation] = field(default_factory=dict)

    @property
    def script(self) -> str:
        """The lines of the shell script."""
        return "\n".join(self.given.get("Parameters", {}).get("commands") or [])

    @property
    def seconds(self) -> float:
        """How long it may run."""
        return float((self.given.get("Parameters", {}).get("executionTimeout") or ["3600"])[0])

    @property
    def expires(self) -> float:
        """When SSM waits for no word of it any more: after both of its time-outs.

        https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html#monitor-about-status-timeouts
        """
        return self.requested + float(self.given.get("TimeoutSeconds") or 3600) + self.seconds

    @property
    def log_group(self) -> str:
        """Where its output goes; empty: nowhere."""
        said = self.given.get("CloudWatchOutputConfig") or {}
        own = said.get("CloudWatchLogGroupName") or f"/aws/ssm/{self.given['DocumentName']}"
        return str(own) if said.get("CloudWatchOutputEnabled") else ""

    @property
    def status(self) -> str:
        """Of all invocations together."""
        found = [one.status for one in self.invocations.values()]
        for status in ("InProgress", "Pending", "Cancelling", "TimedOut", "Failed", "Cancelled"):
            if status in found:
                return status
        return "Success"

    def told(self) -> dict[str, Any]:
        """As SendCommand and ListCommands tell it."""
        ended = [one for one in self.invocations.values() if one.status not in RUNNING]
        return {
            **self._shared(),
            "Parameters": self.given.get("Parameters") or {},
            "InstanceIds": self.instance_ids,
            "Targets": self.given.get("Targets") or [],
            "RequestedDateTime": at(self.requested),
            "ExpiresAfter": at(self.expires),
            "Status": self.status,
            "StatusDetails": self.status,
            "TargetCount": len(self.invocations),
            "CompletedCount": len(ended),
            "ErrorCount": sum(one.status in ("Failed", "TimedOut") for one in ended),
            "CloudWatchOutputConfig": self.given.get("CloudWatchOutputConfig") or {},
        }

    def listed(self, one: Invocation, *, detailed: bool) -> dict[str, Any]:
        """As ListCommandInvocations tells it."""
        plugin = {
            "Name": PLUGIN,
            "Status": one.status,
            "StatusDetails": one.details,
            "ResponseCode": one.code,
            "Output": "\n".join(one.output)[:2500],
            **({"ResponseStartDateTime": at(one.started)} if one.started else {}),
            **({"ResponseFinishDateTime": at(one.ended)} if one.ended else {}),
        }
        return {
            **self._shared(),
            "InstanceId": one.instance_id,
            "RequestedDateTime": at(self.requested),
            "Status": one.status,
            "StatusDetails": one.details,
            "CommandPlugins": [plugin] if detailed else [],
        }

    def invocation(self, one: Invocation) -> dict[str, Any]:
        """As GetCommandInvocation tells it."""
        return {
            **self._shared(),
            "InstanceId": one.instance_id,
            "PluginName": PLUGIN,
            "ResponseCode": one.code,
            "ExecutionStartDateTime": _text(one.started),
            "ExecutionEndDateTime": _text(one.ended),
            "Status": one.status,
            "StatusDetails": one.details,
            "StandardOutputContent": "\n".join(one.output)[:_SHOWN],
            "StandardErrorContent": "",
            "CloudWatchOutputConfig": self.given.get("CloudWatchOutputConfig") or {},
        }

    def _shared(self) -> dict[str, Any]:
        return {"CommandId": self.id, "DocumentName": self.given["DocumentName"],
                "Comment": self.given.get("Comment") or ""}  # fmt: skip


def at(when: float) -> datetime:
    """Seconds since the epoch as the API tells times."""
    return datetime.fromtimestamp(when, UTC)


def _text(when: float) -> str:
    return at(when).strftime("%Y-%m-%dT%H:%M:%SZ") if when else ""
