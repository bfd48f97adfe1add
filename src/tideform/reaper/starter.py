"""What a schedule, or an object that arrives, calls: it writes a lease, and has the backend begin the pool's job.

The lease is written first, so that the reaper ends whatever follows; it gives the lease back when the job is over
(`reaper.scheduled`). How a job begins is the backend's (`reaper.starting`). The plan is plain data that the
pool's program puts beside this code (`components.jobs.schedule`): ``pool``, ``handle``, ``prices``, ``lease_seconds``,
``cap_usd``, what the backend wants (where jobs bring their own machines: how many, ``machines``, and how many the pool
may have, ``most``), and ``begin_within``, the seconds after which a lease without a job goes; where
the job takes code along or saves its work ``code`` (where in S3 the package's archive goes, by its digest),
``environment`` and ``checkpoints`` (``uri`` of the pool's, ``every`` in seconds). The event is ``cause``, and for an
object that arrived the ``time`` at which it did.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tideform.reaper.base import Clients
from tideform.reaper.claims import claim, lost
from tideform.reaper.fence import STARTS, fenced
from tideform.reaper.handler import now as clock
from tideform.reaper.items import HEARTBEAT, SILENCE, Item, Items
from tideform.reaper.job_name import new_lease_id
from tideform.reaper.legible import heartbeat
from tideform.reaper.modes import SCHEDULE
from tideform.reaper.pools import POOL, Pools
from tideform.reaper.reading import Unreadable, read
from tideform.reaper.scheduled import TO_BEGIN, alive
from tideform.reaper.settings import Boto
from tideform.reaper.shares import MACHINES, too_many
from tideform.reaper.starting import starting
from tideform.reaper.starting.base import Plan, Start, StartError
from tideform.reaper.states import STOPPING, UP

_PACKAGE = Path(__file__).parents[2]
_TRIES = 5  # of taking the lease, while others come and go
# As `tideform.process.Process` reads it: a process of nowhere, which nobody takes for dead.
_NOWHERE = {"pid": 0, "host": SCHEDULE, "boot": SCHEDULE, "namespace": SCHEDULE, "started": 0}


def handler(event: Mapping[str, str], context: Any) -> dict[str, Any]:
    """Start one burst. Raises `StartError` where the pool is just being taken down, or may begin nothing."""
    until = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - 10
    pools = Pools(Items(Boto(), os.environ["TABLE"]))
    told = {key: event[key] for key in ("cause", "time") if key in event}
    place = json.loads(os.environ.get("PLACE", "{}"))  # what is known only once foundation stands
    plan = {**json.loads((_PACKAGE / "plan.json").read_text(encoding="utf-8")), "place": place, **told}
    return start(Boto(), pools, plan, clock(), lambda: time.monotonic() < until)


def start(
    clients: Clients,
    pools: Pools,
    plan: Plan,
    now: float,
    more_time: Callable[[], bool],
    pause: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Lease, capacity, job; or nothing, where the last such burst of the pool still runs or has had that object.

    What failed is said on its lease: the reaper ends it, and the next try need not wait for that.
    """
    key, lease = f"{POOL}{plan['pool']}", new_lease_id()
    checkpoints = _checkpoints(plan, lease, now)
    held = _hold(pools, key, lease, plan, now, checkpoints)
    if isinstance(held, str):
        return {"skipped": held}
    try:
        variables = {**_send_code(clients, plan), **_saving(plan, checkpoints)}
        begun = Start(
            plan=plan,
            lease=lease,
            deadline=int(held["leases"][lease]["deadline"]),
            claim=claim(held, lease),
            variables=variables,
            checkpoints=checkpoints,
            more_time=more_time,
            pause=pause,
            item=held,
        )
        since = time.time()  # not the process's own clock, which stands still while a function is frozen
        with fenced(lambda: _still_held(pools, key, lease, now + time.time() - since), STARTS):
            job = starting(plan["handle"]["backend"]).begin(clients, begun)
    except Exception:
        _note(pools, key, lease, "leases.#id.begin_by = :now", {":now": int(now)})
        raise
    _note(
        pools,
        key,
        lease,
        "#state = :up, leases.#id.job = :job, begun = :now",
        {":up": UP, ":job": job, ":now": int(now)},
    )
    return {"lease": lease, "job": job}


def _still_held(pools: Pools, key: str, lease: str, now: float) -> None:
    """Raises `StartError` where the lease no longer holds: a function may be frozen for long between two steps."""
    if why := lost(_item(pools, key, now), lease, now):
        raise StartError(f"{why}: nothing is started without one")


def _note(pools: Pools, key: str, lease: str, what: str, values: Mapping[str, Any]) -> None:
    """Write something of the lease, unless it is just being ended."""
    condition = "attribute_exists(leases.#id) AND #state <> :stopping"
    pools.update(key, f"SET {what}", condition, {"#id": lease}, {**values, ":stopping": STOPPING})


def _may_begin(items: Items, now: float) -> None:
    """Raises `StartError` where the reaper has found the month's budget used up, or looks after nothing any more.

    What it wrote last is all that is read: what it has not seen yet it ends within five minutes.
    """
    beat = heartbeat(items.get(HEARTBEAT))
    if beat is None:
        return  # the first round is to come
    if beat["at"] < now - SILENCE:
        raise StartError(f"the reaper has not looked after anything since {int(beat['at'])}")
    if beat["blind"]:
        raise StartError(f"the reaper could not read the lease table in its last round: {beat['blind']}")
    if beat.get("used_up") and _month(beat["at"]) == _month(now):
        raise StartError(str(beat["used_up"]))


def _month(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m")


def _item(pools: Pools, key: str, now: float) -> Item:
    """The pool's item, empty where there is none. Raises `StartError` where it cannot be read: the reaper mends it."""
    found = pools.items.get(key)
    return {} if found is None else _legible(found, now)


def _legible(found: Item, now: float) -> Item:
    item = read(found, now)
    if isinstance(item, Unreadable):
        raise StartError(f"the pool's item in the lease table cannot be read: {item.why}")
    return item


def _needless(item: Item, plan: Plan, now: float) -> str:
    """Why nothing is to be begun: one that is late must not pile up on the next, nor a storm of objects on itself.

    EventBridge tells late and more than once; an object that was there when a burst began is that burst's.
    """
    running = next(
        (key for key, held in item.get("leases", {}).items() if held["mode"] == SCHEDULE and alive(held, now)), ""
    )
    if running:
        return f"{running} still holds the pool"
    arrived = datetime.fromisoformat(plan["time"]).timestamp() if plan.get("time") else None
    if arrived is not None and arrived < item.get("begun", 0):
        return "the object was there when the last burst began"
    return ""


def _checkpoints(plan: Plan, lease: str, now: float) -> str:
    """The place of this run's checkpoints, as `burst.places` names runs; none where the job saves nothing."""
    if "checkpoints" not in plan:
        return ""
    return f"{plan['checkpoints']['uri']}/{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}-{lease[:6]}"


def _saving(plan: Plan, checkpoints: str) -> dict[str, str]:
    """The variables of the contract; none where the job saves nothing."""
    if not checkpoints:
        return {}
    places = {f"TIDEFORM_CHECKPOINT_{name}": checkpoints for name in ("URI", "RUN_URI")}
    return {**places, "TIDEFORM_CHECKPOINT_SECONDS": plan["checkpoints"]["every"]}


def _send_code(clients: Clients, plan: Plan) -> dict[str, str]:
    """Send the code, and return the variables that say where it is.

    The bucket forgets after a month, so every burst brings its own.
    """
    if "code" not in plan:
        return {}
    archive = gzip.compress(base64.b64decode((_PACKAGE / "archive.b64").read_text(encoding="ascii")), mtime=0)
    digest = hashlib.sha256(archive).hexdigest()
    bucket, key = plan["code"]["bucket"], plan["code"]["key"].replace("{digest}", digest)
    clients.client("s3").put_object(Bucket=bucket, Key=key, Body=archive, ContentType="application/gzip")
    return {"TIDEFORM_CODE_URI": f"s3://{bucket}/{key}", "TIDEFORM_CODE_SHA256": digest}


def _hold(pools: Pools, key: str, lease: str, plan: Plan, now: float, checkpoints: str) -> Item | str:
    """The pool's item once it holds the lease, or why nothing is to be begun. Raises `StartError`.

    Several of these functions may run at once, and all see a pool that nobody holds: the lease is taken of the item
    that was read, and where somebody has come or gone since that is read again.
    """
    record = _record(plan, now, checkpoints)
    for _ in range(_TRIES):
        item = _item(pools, key, now)
        if why := _needless(item, plan, now):
            return why
        _may_begin(pools.items, now)
        token = int(item.get("token", 0))
        if (done := pools.acquire(key, lease, record, plan["handle"], plan["prices"], seen=token)) is not None:
            return _within_bound(pools, key, lease, plan, _legible(done, now), now)
        if int(_item(pools, key, now).get("token", 0)) == token:
            break
    raise StartError(f"{plan['pool']} is just being taken down, or has capacity of another backend")


def _record(plan: Plan, now: float, checkpoints: str) -> dict[str, Any]:
    """The lease as the pool's item holds it."""
    return {
        "owner": plan["cause"],
        "process": _NOWHERE,
        "mode": SCHEDULE,
        "created": int(now),
        "deadline": int(now) + int(plan["lease_seconds"]),
        "begin_by": int(now) + int(plan.get("begin_within", TO_BEGIN)),
        "cap_usd": plan.get("cap_usd"),
        "hourly_usd": plan.get("hourly_usd"),
        "detached": True,
        **({"checkpoint_uri": checkpoints} if checkpoints else {}),
        **({MACHINES: plan[MACHINES]} if MACHINES in plan else {}),
    }


def _within_bound(pools: Pools, key: str, lease: str, plan: Plan, item: Item, now: float) -> Item:
    """The item that holds the lease. Raises `StartError`, without the lease, where its machines are too many."""
    if MACHINES in plan and (why := too_many(item, lease, plan["most"])):
        pools.release_shared(key, lease, item["leases"][lease], now)
        raise StartError(f"{plan['pool']} is full: {why}")
    return item
