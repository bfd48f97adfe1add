"""What a schedule, or an object that arrives, calls: it writes a lease, opens the pool's queue and submits its job.

The lease is written first, so that the reaper ends whatever follows; it gives the lease back when the job is over
(`burst.reaper.scheduled`). Batch brings machines for the job by itself and lets them go after it. The plan is plain
data that the pool's program puts beside this code (`components.schedule`): ``pool``, ``handle``, ``prices``,
``lease_seconds``, ``cap_usd``, ``parameter`` (the job's ``containerOverrides`` or ``nodeOverrides``), ``array`` and
``overrides``; where the job takes code along or saves its work ``code`` (where in S3 the package's archive goes, by its
digest), ``environment`` and ``checkpoints`` (``uri`` of the pool's, ``every`` in seconds). The event is ``cause``, and
for an object that arrived the ``time`` at which it did.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tideform.burst.reaper.base import Clients
from tideform.burst.reaper.endings import batch
from tideform.burst.reaper.handler import now as clock
from tideform.burst.reaper.items import Item, Items
from tideform.burst.reaper.pools import POOL, STOPPING, Pools
from tideform.burst.reaper.scheduled import MODE
from tideform.burst.reaper.settings import Boto

_PACKAGE = Path(__file__).parents[3]
_PAUSE = 2.0  # seconds between two tries at what Batch is still changing
# As `tideform.process.Process` reads it: a process of nowhere, which nobody takes for dead.
_NOWHERE = {"pid": 0, "host": MODE, "boot": MODE, "namespace": MODE, "started": 0}
Plan = Mapping[str, Any]


class StartError(Exception):
    """The burst could not be started; the caller tries again, and the function's error metric counts it."""


def handler(event: Mapping[str, str], context: Any) -> dict[str, Any]:
    """Start one burst. Raises `StartError` where the pool is just being taken down, or Batch does not take the job."""
    until = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - 10
    pools = Pools(Items(Boto(), os.environ["TABLE"]))
    told = {key: event[key] for key in ("cause", "time") if key in event}
    plan = {**json.loads((_PACKAGE / "plan.json").read_text(encoding="utf-8")), **told}
    return start(Boto(), pools, plan, clock(), lambda: time.monotonic() < until)


def start(
    clients: Clients,
    pools: Pools,
    plan: Plan,
    now: float,
    more_time: Callable[[], bool],
    pause: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Lease, capacity, job; or nothing, where the last such burst of the pool still runs or has had that object."""
    key, lease = f"{POOL}{plan['pool']}", uuid.uuid4().hex[:12]
    if why := _needless(pools.items.get(key) or {}, plan):
        return {"skipped": why}
    checkpoints = _checkpoints(plan, lease, now)
    _acquire(pools, key, lease, plan, now, checkpoints)
    code = _send_code(clients, plan)
    for environment in batch.environments(clients, plan["handle"]):
        if environment["state"] != "ENABLED":
            batch.update(clients, environment, state="ENABLED")
    while not batch.set_queue(clients, plan["handle"], "ENABLED"):
        _wait(more_time, pause, "its queue does not open")
    job = _submit(clients, plan, lease, {**code, **_saving(plan, checkpoints)})
    pools.update(
        key,
        "SET #state = :up, leases.#id.job = :job, begun = :now",
        "attribute_exists(leases.#id) AND #state <> :stopping",
        {"#id": lease},
        {":up": "up", ":job": job, ":now": int(now), ":stopping": STOPPING},
    )
    return {"lease": lease, "job": job}


def _needless(item: Item, plan: Plan) -> str:
    """Why nothing is to be begun: one that is late must not pile up on the next, nor a storm of objects on itself.

    EventBridge tells late and more than once; an object that was there when a burst began is that burst's.
    """
    running = next((lease for lease, held in item.get("leases", {}).items() if held["mode"] == MODE), "")
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


def _acquire(pools: Pools, key: str, lease: str, plan: Plan, now: float, checkpoints: str) -> None:
    pools.update(
        key,
        "SET leases = :empty, tokens = :empty, ended = :empty, #count = :zero, #token = :zero, #state = :idle",
        "attribute_not_exists(pk)",
        values={":empty": {}, ":zero": 0, ":idle": "idle"},
    )
    record = {
        "owner": plan["cause"],
        "process": _NOWHERE,
        "mode": MODE,
        "created": int(now),
        "deadline": int(now) + int(plan["lease_seconds"]),
        "cap_usd": plan.get("cap_usd"),
        "hourly_usd": plan.get("hourly_usd"),
        "detached": True,
        **({"checkpoint_uri": checkpoints} if checkpoints else {}),
    }
    done = pools.update(
        key,
        "SET leases.#id = :lease, tokens.#id = #token + :one, handle = :handle, prices = :prices "
        "ADD #count :one, #token :one",
        "attribute_not_exists(leases.#id) AND #state <> :stopping",
        {"#id": lease},
        {
            ":lease": record,
            ":handle": dict(plan["handle"]),
            ":prices": dict(plan["prices"]),
            ":one": 1,
            ":stopping": STOPPING,
        },
    )
    if done is None:
        raise StartError(f"{plan['pool']} is just being taken down")


def _wait(more_time: Callable[[], bool], pause: Callable[[float], None], why: str) -> None:
    """Raises `StartError` where there is no time left; the reaper then gives the lease back."""
    if not more_time():
        raise StartError(why)
    pause(_PAUSE)


def _submit(clients: Clients, plan: Plan, lease: str, more_variables: Mapping[str, str]) -> str:
    variables = {**plan.get("environment", {}), **more_variables, "TIDEFORM_LEASE": lease}
    environment = [{"name": name, "value": value} for name, value in variables.items()]
    asked: dict[str, Any] = {**plan.get("overrides", {}), "environment": environment}
    if plan["parameter"] == "nodeOverrides":
        asked = {"nodePropertyOverrides": [{"targetNodes": "0:", "containerOverrides": asked}]}
    more = {"arrayProperties": {"size": plan["array"]}} if plan.get("array", 0) > 1 else {}
    answer = clients.client("batch").submit_job(
        jobName=f"{plan['handle']['pool']}-{lease}",
        jobQueue=plan["handle"]["job_queue"],
        jobDefinition=plan["handle"]["job_definition"],
        timeout={"attemptDurationSeconds": max(60, int(plan["lease_seconds"]))},
        tags={"tideform:lease": lease},
        propagateTags=True,
        **{plan["parameter"]: asked},
        **more,
    )
    return str(answer["jobId"])
