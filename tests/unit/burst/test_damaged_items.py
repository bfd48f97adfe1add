"""An item of the lease table that is damaged in the middle of a burst: told, and its capacity ends by tag."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.unit.burst.fakes import Stage
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease, State
from tideform.burst.runner import OnLog, Work
from tideform.burst.table import LeaseTable
from tideform.errors import TideformError
from tideform.spec.deployment import Deployment

Item = dict[str, Any]
Damage = Callable[[Item], Item]


def without(item: Mapping[str, Any], key: str) -> Item:
    return {name: value for name, value in item.items() if name != key}


def other(value: object) -> object:
    """Something of another type: a number becomes a text."""
    return 7 if isinstance(value, str | Mapping) else str(value)


def of_the_lease(change: Callable[[Item], Item]) -> Damage:
    return lambda item: {**item, "leases": {key: change(dict(held)) for key, held in item["leases"].items()}}


def missing(key: str) -> Callable[[Item], Item]:
    return lambda item: without(item, key)


def mistyped(key: str) -> Callable[[Item], Item]:
    return lambda item: {**item, key: other(item.get(key))}


def absurd(key: str) -> Callable[[Item], Item]:
    return lambda item: {**item, key: -(10**17)}


POOLS = ("state", "count", "token", "leases", "tokens", "ended", "handle", "prices", "fence", "reaped", "begun")
LEASES = ("owner", "process", "mode", "created", "deadline", "cap_usd", "hourly_usd", "detached", "job")
DAMAGES: dict[str, Damage] = {
    **{f"{key}-missing": missing(key) for key in POOLS[:8]},
    **{f"{key}-mistyped": mistyped(key) for key in POOLS},
    **{f"{key}-absurd": absurd(key) for key in POOLS},
    **{f"lease-{key}-missing": of_the_lease(missing(key)) for key in LEASES[:8]},
    **{f"lease-{key}-mistyped": of_the_lease(mistyped(key)) for key in LEASES},
    **{f"lease-{key}-absurd": of_the_lease(absurd(key)) for key in LEASES},
    "count-too-large": lambda item: {**item, "count": 5},
    "count-zero": lambda item: {**item, "count": 0},
    "nothing-but-its-key": lambda item: {"pk": item["pk"]},
    "junk": lambda item: {"pk": item["pk"], "x": [1, {"y": None}], "leases": {"one": 3}},
    "stopping-by-nobody": lambda item: {**item, "state": "stopping"},
    "stopping-by-an-impossible-process": lambda item: {
        **item,
        "state": "stopping",
        "stopping_since": 1,
        "stopper": {**next(iter(item["leases"].values()))["process"], "pid": 10**17},
    },
}
ONE_OF_EACH = [name for name in DAMAGES if not name.endswith(("-missing", "-absurd"))]
METER = ("at", "version", "usd", "hourly", "nodes", "leases", "months", "owners", "types", "unpriced", "types_of")


@pytest.fixture
def stage(table: LeaseTable, deployment: Deployment) -> Stage:
    return Stage(table, deployment.spec.training["fit"])


def damaged(stage: Stage, damage: Damage) -> None:
    item = stage.table.items.get("pool#fit")
    assert item is not None
    stage.table.items.write(damage(item))


def run(stage: Stage) -> None:
    """Whatever comes of it is told by a diagnostic."""
    try:
        stage.session().run(Work(), print)
    except TideformError:
        return


def ended(stage: Stage) -> bool:
    """Whether nothing stands, and the pool can be used again."""
    return not stage.runner.instances and stage.table.get("fit").state is State.IDLE


@pytest.mark.parametrize("name", DAMAGES)
def test_capacity_ends_where_the_item_is_damaged_while_the_job_runs(stage: Stage, name: str) -> None:
    def work(_lease: Lease, _log: OnLog, halt: Halt) -> int:
        damaged(stage, DAMAGES[name])
        for _ in range(2):
            stage.now += 20
            halt.check()
        return 0

    stage.runner.work = work
    run(stage)
    assert ended(stage)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_capacity_ends_where_the_item_is_damaged_while_capacity_comes(stage: Stage, name: str) -> None:
    stage.runner.on_up = lambda: damaged(stage, DAMAGES[name])
    run(stage)
    assert ended(stage)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_capacity_ends_where_the_item_is_damaged_while_it_goes(stage: Stage, name: str) -> None:
    def damage() -> None:
        stage.runner.on_down = lambda: None
        damaged(stage, DAMAGES[name])

    stage.runner.on_down = damage
    stage.runner.stubborn = 1
    run(stage)
    assert ended(stage)


@pytest.mark.parametrize("change", [missing, mistyped, absurd])
@pytest.mark.parametrize("key", METER)
def test_an_account_that_is_damaged_ends_no_burst(
    stage: Stage, key: str, change: Callable[[str], Callable[[Item], Item]]
) -> None:
    def work(_lease: Lease, _log: OnLog, halt: Halt) -> int:
        halt.check()
        account = stage.table.items.get("meter#fit")
        assert account is not None
        stage.table.items.write(change(key)(account))
        stage.now += 20
        halt.check()
        return 0

    stage.runner.work = work
    assert stage.session().run(Work(), print).exit_code == 0
