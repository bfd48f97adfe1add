"""A job on EC2 that nobody follows and that loses its machines begins anew on others, for as long as it has its lease.

Auto Scaling puts others in their place by itself: the group keeps its size until the burst ends. What SSM remembers is
the record. Each attempt is a command under the lease's comment, and its script is that of the last one but for the
machines, so that the same code runs with the same place for its checkpoints. A job of several machines begins anew
on all of them. It never runs twice at once: nothing is sent while an attempt runs on a machine that stands, or may
still save its work there after SSM has ended it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tideform.backends.training.ec2.in_account import ending, group
from tideform.backends.training.ec2.in_account.commands import RUNS, filter_time, invocations, listed, machines_of, put
from tideform.backends.training.ec2.in_account.losses import fresh, lost, saving
from tideform.backends.training.ec2.in_account.script import Node, moved, unplaced
from tideform.reaper import instances
from tideform.reaper.base import Clients, Handle
from tideform.reaper.starting.base import ATTEMPTS, Again, Turn

_LEAST_REST = 60  # seconds of a lease in which beginning anew is worth it
_SKEW = 60.0  # seconds by which a lease's clock may be ahead of SSM's


@dataclass(frozen=True)
class Loss:
    """The last of ``number`` attempts at a job, and the ``machines`` that it has lost."""

    command: dict[str, Any]
    number: int
    machines: Sequence[str]
    invocations: Sequence[dict[str, Any]]

    def __str__(self) -> str:
        return " and ".join(self.machines)

    @property
    def id(self) -> str:
        """SSM's name of it."""
        return str(self.command["CommandId"])


def again(clients: Clients, handle: Handle, turn: Turn) -> Again:
    """Begin anew what lost its machines and may have another attempt, as soon as enough machines are free."""
    attempts = _attempts(clients, handle, turn)
    told = [(one, invocations(clients, one[-1]["CommandId"])) for one in attempts]
    losses = [loss for one, found in told if (loss := _loss(clients, handle, one, found))]
    if not losses and any(fresh(found, turn.now) for _, found in told):
        return Again(goes_on=True, waits=True)
    open_ = [loss for loss in losses if loss.number < ATTEMPTS and turn.rest >= _LEAST_REST]
    if not open_:
        return Again(over=_why_over(losses[0]) if losses else "")
    ready = [loss for loss in open_ if _is_over(clients, loss, turn.now)]
    earlier = {str(command["CommandId"]) for one in attempts for command in one[:-1]}
    placed = _place(clients, handle, ready, earlier | {loss.id for loss in ready})
    if not placed:
        return Again(goes_on=True, waits=True)
    newest = [str(one[-1]["CommandId"]) for one in attempts]
    if not turn.claimed(lambda: _send(clients, placed, newest, turn.rest)):
        return Again(goes_on=True)
    did = [f"began the job of {turn.lease} anew, attempt {loss.number + 1}: it had lost {loss}" for loss, _ in placed]
    return Again(goes_on=True, waits=len(placed) < len(open_), did=did)


def _attempts(clients: Clients, handle: Handle, turn: Turn) -> list[list[dict[str, Any]]]:
    """The commands under the lease, the attempts at one job together, oldest first."""
    whose = handle["comment"] + turn.lease
    found_since = listed(clients, whose, InvokedAfter=filter_time(turn.since - _SKEW))
    mine = [one for one in found_since if one["Comment"] == whose]
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one in sorted(mine, key=lambda command: command["RequestedDateTime"]):
        found.setdefault(unplaced(_lines(one)), []).append(one)
    return list(found.values())


def _loss(
    clients: Clients, handle: Handle, attempts: Sequence[dict[str, Any]], found: Sequence[dict[str, Any]]
) -> Loss | None:
    machines = lost(clients, handle, found)
    return Loss(attempts[-1], len(attempts), machines, found) if machines else None


def _why_over(loss: Loss) -> str:
    if loss.number >= ATTEMPTS:
        return f"its job lost {loss}, the last of {loss.number} attempts"
    return f"its job lost {loss}, and too little of its lease is left"


def _is_over(clients: Clients, loss: Loss, now: float) -> bool:
    """Whether nothing of it runs any more: the other machines are asked to end it, those that go save their work."""
    asked = {str(one["InstanceId"]) for one in loss.invocations if one["Status"] in RUNS}
    runs = {machine for machine, _ in instances.running(clients, asked | saving(loss.invocations, now))}
    if stays := sorted((runs & asked) - set(loss.machines)):
        ending.cancel(clients, [{**loss.command, "InstanceIds": stays}])
    return not runs


def _place(clients: Clients, handle: Handle, ready: Sequence[Loss], over: set[str]) -> list[tuple[Loss, list[Node]]]:
    """Each of the jobs with as many machines as it had; those that have to wait for machines are left out."""
    free, found = _free(clients, handle, over), list[tuple[Loss, list[Node]]]()
    for loss in ready:
        size = len(loss.command["InstanceIds"])
        chosen, rest = free[:size], free[size:]
        if len(chosen) == size and group.reachable(clients, [node.id for node in chosen]):
            found.append((loss, chosen))
            free = rest
    return found


def _free(clients: Clients, handle: Handle, over: set[str]) -> list[Node]:
    """The machines in service on which nothing runs, the oldest first: that one is where the others meet.

    What is ``over`` runs nowhere, although SSM may still wait for machines that have gone: the attempts before the last
    at each job, since none begins before, and those whose place others take now.
    """
    sent = {str(one["CommandId"]) for one in ending.commands(clients, handle)}
    busy = machines_of(clients, sorted(sent - over))
    there = instances.running(clients, group.in_service(clients, handle))
    return [Node(*one) for one in there if one[0] not in busy]


def _send(clients: Clients, placed: Sequence[tuple[Loss, list[Node]]], newest: Sequence[str], rest: int) -> str:
    """Send each of them; the ids of the lease's commands, those that were not lost among them."""
    names = {one: one for one in newest}
    for loss, nodes in placed:
        told = loss.command
        lines = moved(_lines(told), nodes)
        names[loss.id] = put(clients, told["Comment"], told["CloudWatchOutputConfig"], lines, nodes, rest)
    return " ".join(names.values())


def _lines(command: dict[str, Any]) -> list[str]:
    return list((command.get("Parameters") or {}).get("commands") or ())
