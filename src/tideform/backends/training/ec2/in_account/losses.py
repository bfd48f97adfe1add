"""Whether it was the end of a machine that ended a command of SSM's: told by times, since a code cannot tell.

A job that is asked to end because its machine goes ends with a code like any other. Whoever looks minutes later finds
the machine of a job gone that had failed long before it. So a failure is the machine's only where it did not come
before that: EC2 says when an instance ended, and Auto Scaling when it began to end one.
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Activity.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from tideform.backends.training.ec2.in_account import group
from tideform.backends.training.ec2.in_account.commands import LEAVES, RUNS, was_killed
from tideform.reaper import instances
from tideform.reaper.base import Clients, Handle

SETTLE = 15.0  # seconds by which the clocks of a machine, EC2 and Auto Scaling may differ
_TERMINATING = re.compile(r"^Terminating EC2 instance: (?P<machine>i-\w+)")


def lost(clients: Clients, handle: Handle, invocations: Iterable[Mapping[str, Any]]) -> list[str]:
    """The machines whose end was that of a command, or keeps it from ending; none where it goes on or ended by itself.

    A command that succeeded on a machine has lost nothing there.
    """
    unfinished = [one for one in invocations if one["Status"] != "Success"]
    going = group.going(clients, handle, [one["InstanceId"] for one in unfinished])
    if not going:
        return []
    failure = min(_failures(unfinished), default=math.inf)
    return going if failure >= _first_end(clients, handle, going) - SETTLE else []


def fresh(invocations: Iterable[Mapping[str, Any]], now: float) -> bool:
    """Whether it failed so shortly before ``now`` that nobody may have told of its machine's end yet."""
    return any(now - when < SETTLE for when in _failures(one for one in invocations if one["Status"] != "Success"))


def saving(invocations: Iterable[Mapping[str, Any]], now: float) -> set[str]:
    """The machines where SSM ended a command so shortly before ``now`` that its container may still save its work.

    One that was cancelled before it came to its machine has nothing to save.
    """
    killed = [one for one in invocations if was_killed(one)]
    return {str(one["InstanceId"]) for one in killed if any(now - when < LEAVES + SETTLE for when in _failures([one]))}


def _failures(invocations: Iterable[Mapping[str, Any]]) -> Iterator[float]:
    """When they failed. What still runs for SSM, and what never came to its machine, has not."""
    for one in invocations:
        for plugin in one.get("CommandPlugins") or ():
            when = plugin.get("ResponseFinishDateTime")
            if one["Status"] not in RUNS and isinstance(when, datetime):
                yield when.timestamp()


def _first_end(clients: Clients, handle: Handle, machines: Iterable[str]) -> float:
    """When the first of these machines began to end; never where nobody tells any more."""
    wanted = set(machines)
    filters = [{"Name": "instance-id", "Values": sorted(wanted)}]
    found = [instances.node_of(one).ended for one in instances.described(clients, filters)]
    found += [begun for machine, begun in _begun_to_end(clients, handle) if machine in wanted]
    return min((when for when in found if when is not None), default=math.inf)


def _begun_to_end(clients: Clients, handle: Handle) -> Iterator[tuple[str, float]]:
    for activity in group.activities(clients, handle, ended=False):
        if said := _TERMINATING.match(str(activity.get("Description", ""))):
            yield said["machine"], activity["StartTime"].timestamp()
