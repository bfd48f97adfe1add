"""Systems Manager keeps commands for thirty days.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_Command.html
https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from typing import Any

from tideform.backends.training.ec2.in_account import ending
from tideform.backends.training.ec2.in_account.commands import (
    filter_time,
    invocations,
    listed,
    longest_of,
    out_of_time,
    own_code,
)
from tideform.backends.training.ec2.in_account.script import unplaced
from tideform.reaper.base import Clients, Handle
from tideform.reaper.history.base import JobRecord, JobState

_STATES = {
    "Pending": JobState.WAITING,
    "InProgress": JobState.RUNNING,
    "Cancelling": JobState.RUNNING,
    "Success": JobState.SUCCEEDED,
    "Cancelled": JobState.STOPPED,
    "Failed": JobState.FAILED,
    "TimedOut": JobState.FAILED,
}


def jobs(
    clients: Clients, handle: Handle, since: float = 0.0, *, leases: Container[str] | None = None
) -> list[JobRecord]:
    """The pool's commands. A job that began again on other machines is another command of the same part.

    The account's commands since then are listed, as Systems Manager promises no order of them and tells no pool from
    another; the pool's own are asked about one by one.
    """
    found = [one for one in _commands(clients, handle, since) if one["RequestedDateTime"].timestamp() >= since]
    return [_record(clients, one) for one in found if leases is None or ending.lease_of(one) in leases]


def _record(clients: Clients, command: Mapping[str, Any]) -> JobRecord:
    identity, asked = str(command["CommandId"]), command["RequestedDateTime"].timestamp()
    state = _STATES.get(str(command["Status"]), JobState.UNKNOWN)
    told = [] if state is JobState.WAITING else invocations(clients, identity)
    longest = longest_of(command)
    if state is JobState.FAILED and any(out_of_time(one, longest) for one in told):
        state = JobState.STOPPED
    codes = [own_code(one, longest) for one in told]
    plugins = [plugin for one in told for plugin in one.get("CommandPlugins") or ()]
    return JobRecord(
        id=identity,
        lease=ending.lease_of(dict(command)),
        part=_part(command),
        state=state,
        created=asked,
        began=_first(plugins, "ResponseStartDateTime") or (None if state is JobState.WAITING else asked),
        ended=_last(plugins, "ResponseFinishDateTime") if state not in (JobState.WAITING, JobState.RUNNING) else None,
        exit_code=next((code for code in codes if code), None) if state is JobState.FAILED else None,
        attempts=1,
    )


def _commands(clients: Clients, handle: Handle, since: float) -> list[dict[str, Any]]:
    filters = {"InvokedAfter": filter_time(since)} if since > 0 else {}
    return listed(clients, handle["comment"], **filters)


def _part(command: Mapping[str, Any]) -> str:
    """The same for all attempts, and another for each member of a sweep."""
    return "\n".join(unplaced((command.get("Parameters") or {}).get("commands") or []))


def _first(plugins: Iterable[Mapping[str, Any]], key: str) -> float | None:
    return min((when.timestamp() for one in plugins if isinstance(when := one.get(key), datetime)), default=None)


def _last(plugins: Iterable[Mapping[str, Any]], key: str) -> float | None:
    return max((when.timestamp() for one in plugins if isinstance(when := one.get(key), datetime)), default=None)
