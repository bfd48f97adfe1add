"""A lease table with a broken item: whatever is in it, capacity ends by its deadline, that of other pools, too."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.e2e.workspaces import Running
from tests.faults.dead_man.backends import BESIDE, POOL
from tests.faults.dead_man.faults import Fault
from tests.faults.dead_man.moments import Moment
from tests.faults.dead_man.trial import Trial, deadline, go_on, machines, now
from tideform.burst.table import LeaseTable
from tideform.reaper.items import Items

Item = dict[str, Any]
_OF_THE_POOL = ("state", "count", "token", "leases", "tokens", "ended", "handle", "prices")
_OF_A_LEASE = ("owner", "process", "mode", "created", "deadline", "cap_usd", "hourly_usd", "detached")
_CENTURY = 100 * 365 * 86_400
_TEN_MINUTES = 600.0


@dataclass(frozen=True)
class Damage:
    """One way in which the pool's item is not what it should be."""

    words: str
    does: Callable[[Item], Item]


def _without(item: Mapping[str, Any], key: str) -> Item:
    return {name: value for name, value in item.items() if name != key}


def _other(value: object) -> object:
    """Something of another type."""
    return 7 if isinstance(value, str | Mapping) else "what is this?"


def _of_each_lease(item: Item, change: Callable[[Item], Item]) -> Item:
    return {**item, "leases": {name: change(dict(lease)) for name, lease in item["leases"].items()}}


def _damages_of(key: str) -> list[Damage]:
    return [
        Damage(f"{key}: missing", lambda item: _without(item, key)),
        Damage(f"{key}: of another type", lambda item: {**item, key: _other(item.get(key))}),
    ]


def _damages_of_leases(key: str) -> list[Damage]:
    return [
        Damage(f"lease's {one.words}", lambda item, one=one: _of_each_lease(item, one.does))  # type: ignore[misc]
        for one in _damages_of(key)
    ]


DAMAGES = [
    *(damage for key in _OF_THE_POOL for damage in _damages_of(key)),
    *(damage for key in _OF_A_LEASE for damage in _damages_of_leases(key)),
    Damage("item: nothing but its key", lambda item: {"pk": item["pk"]}),
    Damage("item: junk", lambda item: {"pk": item["pk"], "x": [1, {"y": None}], "leases": {"": 3}}),
    Damage("state: a word nobody knows", lambda item: {**item, "state": "flying"}),
    Damage("state: idle", lambda item: {**item, "state": "idle"}),
    Damage("state: stopping, by nobody", lambda item: {**item, "state": "stopping"}),
    Damage("handle: of another backend", lambda item: {**item, "handle": {**item["handle"], "backend": "abacus"}}),
    Damage("handle: without tags", lambda item: {**item, "handle": _without(item["handle"], "tags")}),
    Damage("leases: none", lambda item: {**item, "leases": {}, "tokens": {}, "count": 0}),
]
FAR_AWAY = Damage("lease's deadline: in a hundred years", lambda item: _of_each_lease(item, _far))
_BY_WORDS = {damage.words: damage for damage in (*DAMAGES, FAR_AWAY)}


def _far(lease: Item) -> Item:
    return {**lease, "deadline": int(lease["created"]) + _CENTURY}


def _moments(_steps: Sequence[Moment], _events: Sequence[Moment]) -> Sequence[Moment]:
    words = [damage.words for damage in (*DAMAGES, FAR_AWAY)]
    return [Moment(order, text, working=True) for order, text in enumerate(words)]


def _broken(trial: Trial) -> str:
    """Two pools hold a machine, and both their commands are dead; the item of one is broken then."""
    workspace = trial.workspace
    for burst in [_at_work(trial, pool) for pool in (POOL, BESIDE)]:
        burst.signal(signal.SIGKILL, group=True)
        burst.ended()
    trial.settled()
    trial.alone()
    over = max(deadline(workspace, trial.case, pool) for pool in (POOL, BESIDE))
    _damage(trial)
    longest = trial.case.longest if trial.moment.words == FAR_AWAY.words else 0
    go_on(workspace, max(over - now(workspace), longest) + _TEN_MINUTES)
    return f"{BESIDE} still runs" if machines(workspace, BESIDE) else ""


def _at_work(trial: Trial, pool: str) -> Running:
    burst = trial.workspace.start("burst", "run", pool, "--", *trial.case.for_good)
    burst.says("Running ")
    return burst


def _damage(trial: Trial) -> None:
    table = LeaseTable.of(trial.workspace.cloud, trial.workspace.deployment)
    items, key = Items(trial.workspace.cloud, table.name), f"pool#{table.identity(POOL)}"
    item = items.get(key)
    assert item is not None and item["leases"], f"the burst holds nothing: {item}"
    items.write(_BY_WORDS[trial.moment.words].does(item))
    dynamodb = trial.workspace.cloud.client("dynamodb")
    trial.undo.callback(dynamodb.delete_item, TableName=table.name, Key={"pk": {"S": key}})


ITEMS = Fault(
    "the pool's item broken",
    "what is broken",
    "The command line is killed while a job runs, and then the pool's item in the lease table is damaged. Ten "
    "minutes after the deadline nothing of the pool runs, nor of another pool whose lease is over. The meter is not "
    "asked.",
    _broken,
    _moments,
    metered=False,
)
