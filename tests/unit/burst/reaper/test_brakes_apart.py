"""Each lease and each brake by itself: what one is refused ends none of the others' work, and is told."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from tests.unit.burst.reaper.conftest import Reaped
from tests.unit.burst.reaper.leasing import HOUR, Bursts, make_table
from tests.unit.sandbox.waiting import until
from tideform.burst.lease import Mode
from tideform.cloud import Cloud
from tideform.reaper import idleness
from tideform.reaper.keeper import Keeper
from tideform.reaper.pools import Pools
from tideform.reaper.resuming import Resuming

_NUMBERS = count(1)
IDLE = 600


@pytest.fixture
def bursts(cloud: Cloud) -> Bursts:
    """A table of each test's own; its bursts began a moment ago."""
    return Bursts(make_table(cloud, f"apart-{next(_NUMBERS)}"), began=float(int(time.time())))


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can tell whether a job lost its machines, as where its group was deleted or its service denies."""

    def refuse(*_: Any) -> None:
        raise PermissionError("AccessDenied")

    monkeypatch.setattr(Resuming, "look", refuse)


def begin(bursts: Bursts, pool: Reaped, owner: str, **changes: Any) -> str:
    return bursts.begin(pool, owner, **changes).id


def begin_job(bursts: Bursts, pool: Reaped) -> str:
    lease = bursts.begin(pool, "ann", mode=Mode.JOB)
    bursts.table.begun(lease, "j-1", bursts.began)
    return lease.id


def left(bursts: Bursts, pool: Reaped) -> list[str]:
    return [held.id for held in bursts.record(pool).leases]


@pytest.mark.usefixtures("deaf")
def test_a_job_that_cannot_be_looked_at_does_not_keep_another_lease_past_its_deadline(
    bursts: Bursts, pool: Reaped
) -> None:
    unseen = begin_job(bursts, pool)
    begin(bursts, pool, "bob", deadline=int(bursts.began) + 300)
    told = bursts.reap(360)
    assert left(bursts, pool) == [unseen]
    assert "AccessDenied" in told["failures"][pool.handle["pool"]]


@pytest.mark.usefixtures("deaf")
def test_a_job_that_cannot_be_looked_at_does_not_keep_an_idle_pool(bursts: Bursts, pool: Reaped) -> None:
    idle = replace(pool, handle={**pool.handle, "idle_seconds": IDLE})
    begin_job(bursts, idle)
    bursts.reap(300)
    assert any("idle_timeout is over" in line for line in bursts.reap(IDLE + 30)["did"])
    assert idle.standing() == []


def test_a_lease_that_cannot_be_given_back_keeps_no_other(
    bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(bursts, pool, "ann")
    ends = {"deadline": int(bursts.began) + 60}
    stuck, _ = begin(bursts, pool, "bob", **ends), begin(bursts, pool, "cy", **ends)
    give_back = Pools.release_shared

    def refuse(pools: Pools, key: str, lease: str, *words: Any) -> Any:
        if lease == stuck:
            raise OSError("no answer")
        return give_back(pools, key, lease, *words)

    monkeypatch.setattr(Pools, "release_shared", refuse)
    told = bursts.reap(120)
    assert [lease[:3] for lease in left(bursts, pool)] == ["ann", "bob"]
    assert "no answer" in told["failures"][pool.handle["pool"]]


def test_a_warning_that_cannot_be_noted_keeps_nobody_who_is_over(
    bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError("no answer")

    warned = begin(bursts, pool, "ann")
    begin(bursts, pool, "bob", deadline=int(bursts.began) + 60)
    monkeypatch.setattr(Keeper, "_warn", refuse)
    bursts.reap(HOUR * 0.85)
    assert left(bursts, pool) == [warned]


def test_where_nobody_tells_whether_a_pool_is_idle_the_jobs_of_leases_that_are_over_end(
    bursts: Bursts, pool: Reaped, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError("no answer")

    begin(bursts, pool, "ann")
    late = pool.submit("cy1", {"tideform:lease": "cy1"})
    monkeypatch.setattr(idleness, "look", refuse)
    assert "ended the jobs of cy1, which holds nothing" in " ".join(bursts.reap(60)["did"])
    until(lambda: pool.status(late) == "FAILED")
