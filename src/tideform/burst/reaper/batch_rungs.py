"""One way of buying after the other on AWS Batch, and never more in all of them together than the pool may have.

Batch bounds each compute environment by itself, and goes on to the next one of the queue when one is full. So one that
buys on the market is open at a time, and the next is opened when that one is shut and holds nothing. One that uses up
a reservation or a block, which is paid for anyway, stays open with what it has. The handle tells what the pool may have
(``max_vcpus``), the ``vcpus`` of each type, and its ``blocks`` and ``reservations``.
https://docs.aws.amazon.com/batch/latest/APIReference/API_UpdateComputeEnvironment.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tideform.burst.reaper import instances
from tideform.burst.reaper.base import Clients, Handle, Node
from tideform.burst.reaper.claims import EXPIRES, LEASE, TOKEN, Claim, token_of
from tideform.burst.reaper.endings import batch as ending

Environment = dict[str, Any]
LACKS = ("CAPACITY:", "ReservationCapacityExceeded", "InsufficientInstanceCapacity")
PATIENCE = 600.0  # seconds that a job waits without any machine before another way of buying is tried
_WAITING = ("PENDING", "RUNNABLE")  # an array is pending while its members wait
_MOST_DESCRIBED = 100  # https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobs.html


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


def arrange(
    clients: Clients, handle: Handle, all_: Sequence[Environment], usable: Sequence[Environment], claim: Claim
) -> None:
    """As a burst begins: the first one open as far as there is room, the others shut; before the queue opens."""
    first = usable[0]["computeEnvironmentName"] if usable else ""
    for environment in all_:
        if environment["computeEnvironmentName"] != first and environment["state"] != "DISABLED":
            ending.update(clients, environment, state="DISABLED")  # Batch calls one whose block is over invalid
    if usable:
        open_up(clients, handle, usable[0], all_, tags=ending.whose(usable[0], claim))


def open_up(
    clients: Clients,
    handle: Handle,
    environment: Environment,
    all_: Sequence[Environment],
    *,
    tags: Mapping[str, Any],
    wanted: int = 0,
) -> bool:
    """Let the environment have what the others leave, and bring so many vCPUs at once; False where they leave none.

    ``tags`` are what `endings.batch.whose` says: its machines tell at launch whose they are.
    """
    free = room(clients, handle, environment, all_)
    if free:
        bounds = {"minvCpus": min(wanted, free), "maxvCpus": free}
        ending.update(clients, environment, state="ENABLED", **bounds, **tags)
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
    said = [f"ended {len(late)} machines that came late"] if late else []
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
        if here is not None:
            leave(clients, handle, here)
        all_ = ending.environments(clients, handle)
        if not open_up(clients, handle, next_, all_, tags=_as_in(all_, next_)):
            return ""
    except ClientError as error:
        if error.response["Error"]["Code"] != "ClientException":
            raise
        return ""
    return f"went on from {here['computeEnvironmentName'] if here else 'a block'} to {next_['computeEnvironmentName']}"


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


def _waiting(clients: Clients, handle: Handle) -> list[dict[str, Any]]:
    ids = [job["jobId"] for job in ending.jobs(clients, handle) if job["status"] in _WAITING][:_MOST_DESCRIBED]
    if not ids:
        return []
    found: list[dict[str, Any]] = clients.client("batch").describe_jobs(jobs=ids)["jobs"]
    return found


def _since(job: dict[str, Any]) -> float:
    """Since when it waits: one that lost its machine waits since then."""
    stops = [attempt.get("stoppedAt", 0) for attempt in job.get("attempts", ())]
    return float(max([job["createdAt"], *stops])) / 1000
