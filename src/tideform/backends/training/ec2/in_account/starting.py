"""EC2 Auto Scaling: the group's own end first, then machines, and on those one SSM command for each job.

The plan's ``tasks`` are what runs (`ec2_script.Task` as plain data), one for each member of a sweep; ``size`` machines
work on each. The group is asked for ``nodes`` on one of ``rungs`` after the other, ``most`` bounds it meanwhile, and
``log_group`` gets what the jobs print. A job whose machine goes begins anew on another (`ec2_again`).
https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from tideform.backends.training.ec2.in_account import buying, ending, group
from tideform.backends.training.ec2.in_account.again import again
from tideform.backends.training.ec2.in_account.commands import RUNS, invocations, longest_of, own_code, send
from tideform.backends.training.ec2.in_account.losses import lost
from tideform.backends.training.ec2.in_account.script import Node, Task
from tideform.reaper import instances
from tideform.reaper.base import Clients, Handle
from tideform.reaper.starting.base import Start, StartError

__all__ = ["again", "begin", "failed", "working"]

RUNG_SECONDS = 240.0  # that machines may take to come where there is another way of buying them
_URI = "TIDEFORM_CHECKPOINT_URI"


def begin(clients: Clients, start: Start) -> str:
    """Nothing is asked for before the group would end by itself. Raises `StartError` where nothing comes in time."""
    if ending.group(clients, start.handle) is None:
        raise StartError(f"there is no Auto Scaling group {start.handle['group']}")
    if why := group.put_end(clients, start.handle, start.claim.deadline):
        raise StartError(why)
    _come(clients, start)
    instances.tell_lease(clients, group.in_service(clients, start.handle), start.claim)
    plan, size = start.plan, int(start.plan["size"])
    there = _nodes(clients, start, size * len(plan["tasks"]))
    comment = f"{start.handle['comment']}{start.lease}"
    sent = [
        send(clients, comment, plan["log_group"], task, there[place * size : (place + 1) * size], start.rest)
        for place, task in enumerate(_tasks(start))
    ]
    return " ".join(sent)


def working(clients: Clients, handle: Handle) -> set[str]:
    """Those of the commands that go on: one whose machine is gone, or that failed on one of several, does not."""
    executing = ending.commands(clients, handle)
    if not executing:
        return set()
    alive = _alive(clients, handle)
    return {ending.lease_of(one) for one in executing if _goes_on(clients, one["CommandId"], alive)}


def failed(clients: Clients, handle: Handle, job: str) -> str:
    """What became of the first command that did not end well: its machines went, or what SSM says."""
    for command_id in job.split():
        found = invocations(clients, command_id)
        bad = next((one for one in found if one["Status"] not in (*RUNS, "Success")), None)
        if machines := lost(clients, handle, found):
            return f"its job lost {' and '.join(machines)}"
        if bad:
            return f"its job failed on {bad['InstanceId']}: {_why(clients, command_id, bad)}"
    return ""


def _why(clients: Clients, command_id: str, bad: Mapping[str, Any]) -> str:
    """What SSM says, but of a job that ended with 137 by itself: it calls that out of time, too."""
    found = clients.client("ssm").list_commands(CommandId=command_id)["Commands"] if bad["Status"] == "TimedOut" else []
    own = next((code for one in found if (code := own_code(bad, longest_of(one)))), None)
    return str(bad["StatusDetails"]) if own is None else f"it ended with {own}"


def _come(clients: Clients, start: Start) -> None:
    """Down the ladder; machines that others have brought are good as well, and are bought as those are (`buying`)."""
    group.say_whose(clients, start.handle, start.claim)
    nodes = int(start.plan["nodes"])
    rungs, reasons = _open(clients, start)
    if not rungs and not _there(clients, start, nodes):
        raise StartError("; ".join(reasons))
    for number, rung in enumerate(rungs):
        if _there(clients, start, nodes):
            return
        before = group.activities(clients, start.handle)
        kind, reservation = rung["kind"], rung.get("reservation", "")
        group.ask(clients, start.handle, kind, reservation, nodes=nodes, most=int(start.plan["most"]))
        last, began = number == len(rungs) - 1, time.monotonic()
        why = ""
        while not _there(clients, start, nodes):
            why = group.refusal(before, group.activities(clients, start.handle)) or why
            if not last and (why or time.monotonic() - began > RUNG_SECONDS):
                break
            start.wait("; ".join([*reasons, f"{kind}: {why or 'no machines came'}"]))
        reasons.append(f"{kind}: {why or 'no machines came'}")


def _open(clients: Clients, start: Start) -> tuple[Sequence[Mapping[str, str]], list[str]]:
    """The rungs that may be tried, and why the others may not."""
    rungs, bound = start.plan["rungs"], buying.bound(clients, start.handle)
    found = [rung for rung in rungs if bound.takes(rung["kind"])]
    return found, [] if len(found) == len(rungs) else [bound.why]


def _there(clients: Clients, start: Start, nodes: int) -> bool:
    return len(group.in_service(clients, start.handle)) >= nodes


def _nodes(clients: Clients, start: Start, wanted: int) -> list[Node]:
    """So many machines in service that SSM reaches, the oldest first: that one is where the others meet."""
    while True:
        found = [Node(*one) for one in instances.running(clients, group.in_service(clients, start.handle))][:wanted]
        if len(found) == wanted and group.reachable(clients, [node.id for node in found]):
            return found
        start.wait("SSM does not reach its machines")


def _tasks(start: Start) -> list[Task]:
    """With the variables of this run; each member of a sweep saves its work in a place of its own."""
    several, found = len(start.plan["tasks"]) > 1, []
    for index, told in enumerate(start.plan["tasks"]):
        environment = {**told["environment"], **start.variables, "TIDEFORM_LEASE": start.lease}
        if several and _URI in environment:
            environment[_URI] = f"{environment[_URI]}/{index}"
        found.append(Task(**{**told, "environment": environment}))
    return found


def _alive(clients: Clients, handle: Handle) -> set[str]:
    return {node.id for node in ending.nodes(clients, handle) if node.state in ("pending", "running")}


def _goes_on(clients: Clients, command_id: str, alive: set[str]) -> bool:
    found = invocations(clients, command_id)
    failed = any(one["Status"] not in (*RUNS, "Success") for one in found)
    return not failed and all(one["InstanceId"] in alive for one in found if one["Status"] in RUNS)
