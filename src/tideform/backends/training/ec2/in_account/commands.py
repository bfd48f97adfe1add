"""One command of SSM's for each job: sent to its machines, and what became of it there.

https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tideform.backends.training.ec2.in_account.script import Node, Task, script
from tideform.reaper.base import Clients
from tideform.reaper.longest import LONGEST_COMMAND

RUNS = ("Pending", "InProgress", "Delayed", "Cancelling")
# Seconds until a container has ended once SSM ended its command: thirty to save its work (`ec2.user_data`).
LEAVES = 35.0
KILLED = 137  # as a shell tells SIGKILL
_LEAST, _MOST = 5, LONGEST_COMMAND  # seconds that AWS-RunShellScript takes for its time-out
_UNSAID = 3600  # seconds that AWS-RunShellScript gives where a command says nothing
_ROUNDED = 1.0  # seconds by which the times of an invocation may be off
_DELIVERY = 600  # seconds until a command has to have reached its node
_OUT_OF_TIME = "ExecutionTimedOut"


def send(clients: Clients, comment: str, log_group: str, task: Task, nodes: Sequence[Node], rest: int) -> str:
    """Send one job to its nodes, and return the command's id; SSM ends it after ``rest`` seconds."""
    log = {"CloudWatchOutputEnabled": True, "CloudWatchLogGroupName": log_group}
    return put(clients, comment, log, script(task, nodes), nodes, rest)


def put(
    clients: Clients, comment: str, log: Mapping[str, Any], lines: Sequence[str], nodes: Sequence[Node], rest: int
) -> str:
    """Let SSM run the lines of a script; ``log`` is its ``CloudWatchOutputConfig``."""
    answer = clients.client("ssm").send_command(
        InstanceIds=[node.id for node in nodes],
        DocumentName="AWS-RunShellScript",
        Comment=comment,
        TimeoutSeconds=_DELIVERY,
        Parameters={"commands": list(lines), "executionTimeout": [str(longest(rest))]},
        CloudWatchOutputConfig=dict(log),
    )
    return str(answer["Command"]["CommandId"])


def longest(rest: int) -> int:
    """How long, in seconds, a command may run that is sent with so much of its lease left."""
    return min(max(rest, _LEAST), _MOST)


def longest_of(command: Mapping[str, Any]) -> int:
    """The same of a command as SSM lists it."""
    (seconds,) = (command.get("Parameters") or {}).get("executionTimeout") or [_UNSAID]
    return int(seconds)


def filter_time(seconds: float) -> str:
    """A time, in seconds since the epoch, as the filters of ListCommands take it: of whole seconds.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-datetime-strings.html
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def listed(clients: Clients, comment: str, **filters: str) -> list[dict[str, Any]]:
    """The account's commands that pass the filters, and whose comment begins so: SSM tells no pool from another.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListCommands.html
    """
    chosen = {"Filters": [{"key": key, "value": value} for key, value in filters.items()]} if filters else {}
    pages = clients.client("ssm").get_paginator("list_commands").paginate(**chosen)
    return [one for page in pages for one in page["Commands"] if str(one.get("Comment", "")).startswith(comment)]


def invocations(clients: Clients, command_id: str) -> list[dict[str, Any]]:
    """What became of a command on each of its nodes."""
    pages = clients.client("ssm").get_paginator("list_command_invocations")
    return [one for page in pages.paginate(CommandId=command_id, Details=True) for one in page["CommandInvocations"]]


def details(one: Mapping[str, Any]) -> str:
    """What SSM says of an invocation in particular, as one word: it tells the same with spaces and without."""
    return str(one.get("StatusDetails", "")).replace(" ", "")


def own_code(one: Mapping[str, Any], seconds: float) -> int | None:
    """The exit code above zero with which a job of an invocation ended by itself; None where it did not.

    A job ends with 137 for lack of memory, say, and SSM's agent takes each that does for one whose time was up
    (``GetStatus``): it is its own code where it had not run for the ``seconds`` that it might.
    https://github.com/aws/amazon-ssm-agent/blob/mainline/agent/plugins/pluginutil/pluginutil_unix.go
    """
    plugin: Mapping[str, Any] = next(iter(one.get("CommandPlugins") or ()), {})
    code = int(plugin.get("ResponseCode", -1))
    if one["Status"] == "TimedOut":
        return code if code == KILLED and _took(plugin) < seconds - _ROUNDED else None
    return code if one["Status"] == "Failed" and code > 0 else None


def out_of_time(one: Mapping[str, Any], seconds: float) -> bool:
    """Whether the ``seconds`` that it might run ended an invocation, and they are what was left of its lease.

    One that never reached its machine is told as another time-out.
    """
    return details(one) == _OUT_OF_TIME and own_code(one, seconds) is None


def _took(plugin: Mapping[str, Any]) -> float:
    began, ended = plugin.get("ResponseStartDateTime"), plugin.get("ResponseFinishDateTime")
    if isinstance(began, datetime) and isinstance(ended, datetime):
        return (ended - began).total_seconds()
    return math.inf


def was_killed(one: Mapping[str, Any]) -> bool:
    """Whether SSM's agent ended an invocation, or it looks so: its container hears of that only afterwards.

    The agent kills docker's client and says at once that the command has ended, with 137 as its code.
    https://github.com/aws/amazon-ssm-agent/blob/mainline/agent/executers/executers.go
    """
    codes = [plugin.get("ResponseCode") for plugin in one.get("CommandPlugins") or ()]
    return one["Status"] in ("Cancelled", "TimedOut") or (one["Status"] == "Failed" and KILLED in codes)


def machines_of(clients: Clients, command_ids: Iterable[str], statuses: Container[str] = RUNS) -> set[str]:
    """The machines on which one of these commands has one of the ``statuses``.

    A command itself goes on for as long as SSM waits for any of its machines, and it never hears of those that end.
    """
    found = [one for command_id in command_ids for one in invocations(clients, command_id)]
    return {str(one["InstanceId"]) for one in found if one["Status"] in statuses}
