"""One way of buying after the other on AWS Batch, and never more in all of them together than the pool may have.

Batch bounds each compute environment by itself, and goes on to the next one of the queue when one is full. So one that
buys on the market is open at a time, and the next is opened when that one is shut and holds nothing. One that uses up
a reservation or a block, which is paid for anyway, stays open with what it has. The handle tells what the pool may have
(``max_vcpus``), the ``vcpus`` of each type, and its ``blocks`` and ``reservations``.
https://docs.aws.amazon.com/batch/latest/APIReference/API_UpdateComputeEnvironment.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tideform.backends.training.batch.in_account import ending
from tideform.reaper import instances
from tideform.reaper.base import Clients, Handle, Node
from tideform.reaper.batch_states import FOR_MACHINES, MOST_DESCRIBED
from tideform.reaper.claims import EXPIRES, LEASE, TOKEN, Claim, token_of

Environment = dict[str, Any]
LACKS = ("CAPACITY:", "ReservationCapacityExceeded", "InsufficientInstanceCapacity")
PATIENCE = 600.0  # seconds that a job waits without any machine before another way of buying is tried


def reserved(handle: Handle, environment: Environment) -> str:
    """The reservation or block that the environment uses up; empty where it buys on the market."""
    named = (*handle.get("blocks", ()), *handle.get("reservations", ()))
    return next((one for one in named if f"-{one}-" in environment["computeEnvironmentName"]), "")


def held(clients: Clients, handle: Handle, environment: Environment) -> list[Node]:
    """The environment's machines that are there or on their way, told by how they were bought."""
    own, named = reserved(handle, environment), {*handle.get("blocks", ()), *handle.get("reservations", ())}
    spot = environment.get("computeResources", {}).get("type") == "SPOT"
    return [
        node
        for node in ending.nodes(clients, handle)
        if node.state in ("pending", "running")
        and (node.reservation == own if own else node.spot == spot and node.reservation not in named)
    ]


def room(clients: Clients, handle: Handle, environment: Environment, all_: Sequence[Environment]) -> int:
    """How many vCPUs the environment may have beside what the others hold.

    A handle that an earlier version wrote tells no bound of the pool's: what the environment has holds then.
    """
    if "max_vcpus" not in handle:
        return int(environment["computeResources"]["maxvCpus"])
    others = [other for other in all_ if other["computeEnvironmentName"] != environment["computeEnvironmentName"]]
    taken = {node.id: node for other in others for node in held(clients, handle, other)}
    return max(0, int(handle["max_vcpus"]) - vcpus(handle, taken.values()))


def vcpus(handle: Handle, nodes: Any) -> int:
    """What these machines have together; one of a type that the pool does not name counts as its largest."""
    known = handle["vcpus"]
    return sum(int(known.get(node.type, max(known.values()))) for node in nodes)


def arrange(clients: Clients, all_: Sequence[Environment], usable: Sequence[Environment], claim: Claim) -> None:
    """As a burst begins: those behind the first are shut, and all that may open are told whose their machines will be.

    That takes Batch a while (`endings.batch.tagged`), for all of them at once, and later none has to be told any more.
    """
    first, names = usable[0]["computeEnvironmentName"] if usable else "", [_name(one) for one in usable]
    for environment in all_:
        shut = (
            _name(environment) != first and environment["state"] != "DISABLED"
        )  # invalid ones, too: their block is over
        tags = ending.whose(environment, claim) if _name(environment) in names else {}
        if shut or tags:
            size = {"minvCpus": 0, **tags} if tags else {}
            ending.update(clients, environment, state="DISABLED" if shut else None, **size)


def open_up(
    clients: Clients, handle: Handle, environment: Environment, all_: Sequence[Environment], *, wanted: int = 0
) -> bool:
    """Let the environment have what the others leave, and bring so many vCPUs at once; False where they leave none.

    It has to say whose its machines are already: they tell at launch.
    """
    free = room(clients, handle, environment, all_)
    if free:
        ending.update(clients, environment, state="ENABLED", minvCpus=min(wanted, free), maxvCpus=free)
    return free > 0


def leave(clients: Clients, handle: Handle, environment: Environment) -> None:
    """Nothing more comes in here: it is shut. What is reserved keeps its machines; those of the market go."""
    machines = held(clients, handle, environment)
    kept = 0
    if reserved(handle, environment):
        now = int(environment["computeResources"].get("minvCpus", 0))
        kept = vcpus(handle, machines) if "vcpus" in handle else now
    ending.update(clients, environment, minvCpus=kept, state="DISABLED")
    if not kept:
        instances.end(clients, machines)


def reopen(clients: Clients, handle: Handle, all_: Sequence[Environment]) -> None:
    """Let jobs use what is reserved and was left, bounded by what it has.

    Batch refuses a bound below what it still wants, and wants less only some time after the environment was shut.
    """
    for environment in all_:
        now = environment.get("computeResources", {})
        kept = int(now.get("minvCpus", 0))
        left = reserved(handle, environment) and environment["state"] == "DISABLED" and kept
        if left and environment["status"] not in ending.BUSY and int(now.get("desiredvCpus", 0)) <= kept:
            ending.update(clients, environment, state="ENABLED", maxvCpus=kept)


def strays(clients: Clients, handle: Handle, all_: Sequence[Environment]) -> list[Node]:
    """Machines that came late: of the market, in an environment that was shut before another one was opened."""
    market = [one for one in all_ if not reserved(handle, one)]
    if not any(one["state"] == "ENABLED" for one in market):
        return []
    shut = [one for one in market if one["state"] == "DISABLED"]
    return [node for environment in shut for node in held(clients, handle, environment)]


def tend(clients: Clients, handle: Handle, now: float) -> list[str]:
    """One look in the middle of a burst; what was done. Machines that came late go, and jobs that wait where nothing
    comes get the next way of buying.

    One of the market with a machine is not left: work goes on there, if slower, and for less.
    """
    if "max_vcpus" not in handle or not ending.open_queue(clients, handle):
        return []
    all_ = ending.environments(clients, handle)
    late = strays(clients, handle, all_)
    instances.end(clients, late)
    said = [f"ended {len(late)} machine{'s' * (len(late) != 1)} that came late"] if late else []
    usable, _ = ending.usable(clients, handle, all_, now)
    reopen(clients, handle, usable)
    opened = [place for place, one in enumerate(usable) if one["state"] == "ENABLED"]
    following = opened[-1] + 1 if opened else 0  # none: what was open is a block that is over
    if following >= len(usable):
        return said
    here, next_ = usable[opened[-1]] if opened else None, usable[following]
    busy = next_["status"] in ending.BUSY or (here is not None and here["status"] in ending.BUSY)
    if busy or not _in_vain(clients, handle, here, now):
        return said
    moved = _move(clients, handle, here, next_)
    return [*said, moved] if moved else said


def _move(clients: Clients, handle: Handle, here: Environment | None, next_: Environment) -> str:
    """A change that Batch refuses is one that somebody else is at: the next look sees what came of it."""
    from botocore.exceptions import ClientError

    try:
        if tags := _as_in(ending.environments(clients, handle), next_):
            ending.update(clients, next_, minvCpus=0, **tags)
            return f"told {_name(next_)} whose its machines will be"
        if here is not None:
            leave(clients, handle, here)
        if not open_up(clients, handle, next_, ending.environments(clients, handle)):
            return ""
    except ClientError as error:
        if error.response["Error"]["Code"] != "ClientException":
            raise
        return ""
    return f"went on from {_name(here) if here else 'a block'} to {_name(next_)}"


def _as_in(all_: Sequence[Environment], next_: Environment) -> dict[str, Any]:
    """The next environment's machines are of the same burst: the latest that any of them was opened for."""
    said = [one["computeResources"].get("tags") or {} for one in all_]
    own, latest = next_["computeResources"].get("tags") or {}, max(said, key=token_of)
    return ending.tagged(next_, {**own, **{key: latest[key] for key in (LEASE, EXPIRES, TOKEN) if key in latest}})


def _in_vain(clients: Clients, handle: Handle, here: Environment | None, now: float) -> bool:
    """Whether jobs wait for machines that do not come: there is no place, Batch says so, or it has been long."""
    if here is None:
        return bool(_waiting(clients, handle))
    machines = held(clients, handle, here)
    if machines and (not reserved(handle, here) or any(node.state == "pending" for node in machines)):
        return False
    waiting = _waiting(clients, handle)
    reasons = [str(job.get("statusReason") or "") for job in waiting]
    lacks = any(reason.startswith(LACKS) for reason in (*reasons, str(here.get("statusReason") or "")))
    return bool(waiting) and (lacks or min(map(_since, waiting)) < now - PATIENCE)


def _name(environment: Environment) -> str:
    return str(environment["computeEnvironmentName"])


def _waiting(clients: Clients, handle: Handle) -> list[dict[str, Any]]:
    ids = [job["jobId"] for job in ending.jobs(clients, handle) if job["status"] in FOR_MACHINES][:MOST_DESCRIBED]
    if not ids:
        return []
    found: list[dict[str, Any]] = clients.client("batch").describe_jobs(jobs=ids)["jobs"]
    return found


def _since(job: dict[str, Any]) -> float:
    """Since when it waits: one that lost its machine waits since then."""
    stops = [attempt.get("stoppedAt", 0) for attempt in job.get("attempts", ())]
    return float(max([job["createdAt"], *stops])) / 1000
