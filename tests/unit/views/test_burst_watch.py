"""What a watcher sees: drawn anew, as a line, and as JSON."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tideform.burst.lease import Lease, Mode, PoolRecord, State
from tideform.burst.runner import Instance, Job
from tideform.burst.status import PoolStatus
from tideform.burst.watching import Watched
from tideform.process import Process
from tideform.unasked import Unasked
from tideform.views.burst import status_lines
from tideform.views.burst_watch import left, watched_json, watched_line, watched_lines

NOW = 1_800_000_000.0
LEASE = Lease("l1", "fit", "ada", Process.current(), Mode.RUN, int(NOW) - 600, int(NOW) + 3900, None)
NODES = tuple(Instance(f"i-{n}", "g5.xlarge", "running", n == 0, NOW) for n in range(2))
JOBS = (Job("j1", "fit-l1", "RUNNING", "l1"), Job("j2", "fit-l1", "RUNNABLE", "l1"))
STATUS = PoolStatus(PoolRecord("fit", State.UP, 1, 3, (LEASE,)), NODES, JOBS, Decimal("1.25"), NOW)
SEEN = Watched("fit", STATUS, 2, {"processors": 37.4}, Decimal("2.012"))
IDLE = replace(SEEN, status=PoolStatus(PoolRecord("fit"), (), (), Decimal(0), NOW), accelerators=0, utilisation={})


def test_the_live_view_tells_jobs_machines_money_and_time() -> None:
    assert [str(line).strip() for line in watched_lines(SEEN)] == [
        "fit: up at 2027-01-15T08:00:00Z",
        "jobs       1 runnable, 1 running",
        "machines   1 x g5.xlarge on-demand, 1 x g5.xlarge spot (2 accelerators)",
        "in use     processors 37 %",
        "cost       1.2500 USD so far, 2.0120 USD an hour",
        "lease      l1 of ada, 1 h 05 min left",
    ]


def test_one_line_says_what_does_not_change_by_itself() -> None:
    line = watched_line(SEEN)
    assert line.startswith("fit up: 1 runnable, 1 running; 1 x g5.xlarge on-demand, 1 x g5.xlarge spot")
    assert line.endswith("2.0120 USD an hour; ada until 2027-01-15T09:05:00Z")


DENIED = tuple(Unasked(part, "AccessDenied") for part in ("machines", "jobs"))
BLIND = replace(IDLE, status=replace(IDLE.status, unasked=DENIED), hourly_usd=None)


def test_what_could_not_be_asked_is_told_in_its_place_and_no_machine_is_called_none() -> None:
    assert [str(line).strip() for line in watched_lines(BLIND)][1:] == [
        "jobs       could not be asked: AccessDenied",
        "machines   could not be asked: AccessDenied",
        "cost       0.0000 USD so far, what an hour costs is not known",
    ]


def test_one_line_says_what_could_not_be_asked() -> None:
    assert watched_line(BLIND) == (
        "fit idle: jobs: could not be asked: AccessDenied; machines: could not be asked: AccessDenied; "
        "what an hour costs is not known; no lease"
    )


def test_the_json_counts_nothing_that_could_not_be_asked() -> None:
    told = watched_json(BLIND)
    assert [told[key] for key in ("jobs", "machines", "accelerators", "hourly_usd")] == [None] * 4
    assert told["unasked"] == [{"what": part, "why": "AccessDenied"} for part in ("machines", "jobs")]


def test_machines_that_are_told_although_there_may_be_more_make_a_least_cost() -> None:
    some = replace(SEEN, status=replace(STATUS, unasked=DENIED[:1]))
    assert "machines: could not be asked: AccessDenied; at least 2.0120 USD an hour" in watched_line(some)
    assert watched_json(some)["machines"] == 2


def test_a_pool_of_which_something_could_not_be_asked_is_watched_on() -> None:
    jobs_alone = replace(IDLE, status=replace(IDLE.status, unasked=DENIED[1:]))
    assert (BLIND.over, jobs_alone.over) == (False, False)


def test_that_something_cannot_be_asked_any_more_is_a_change() -> None:
    assert replace(SEEN, status=replace(STATUS, unasked=DENIED)).marks != SEEN.marks


def test_metrics_that_could_not_be_asked_are_told() -> None:
    unmeasured = replace(SEEN, utilisation={}, unmeasured=(Unasked("utilisation", "AccessDenied"),))
    assert "in use     could not be asked: AccessDenied" in [str(line).strip() for line in watched_lines(unmeasured)]


def test_an_idle_pool_has_nothing_left_to_watch() -> None:
    assert (IDLE.over, SEEN.over) == (True, False)
    assert watched_line(IDLE) == "fit idle: no job; no machine; 2.0120 USD an hour; no lease"


def test_neither_time_nor_money_is_a_change() -> None:
    later = replace(SEEN, status=replace(STATUS, at=NOW + 60, usd=Decimal(2)))
    ended = replace(SEEN, status=replace(STATUS, jobs=JOBS[:1]))
    assert later.marks == SEEN.marks
    assert ended.marks != SEEN.marks


def test_the_json_has_the_same_facts() -> None:
    told = watched_json(SEEN)
    assert (told["state"], told["jobs"], told["accelerators"]) == ("up", {"running": 1, "runnable": 1}, 2)
    assert (told["usd"], told["hourly_usd"]) == (1.25, 2.012)


@pytest.mark.parametrize(("seconds", "words"), [(3900, "1 h 05 min"), (250, "4 min 10 s"), (0, "0 min 00 s")])
def test_what_is_left_is_told_in_two_units(seconds: int, words: str) -> None:
    assert left(seconds) == words


def test_a_machine_without_a_price_makes_every_sum_a_least_one_and_is_named() -> None:
    unknown = replace(SEEN, status=replace(STATUS, instances=(*NODES, replace(NODES[0], id="i-9", type="x9.huge"))))
    cost = next(str(line).strip() for line in watched_lines(unknown) if "cost" in str(line))
    assert cost == ("cost       at least 1.2500 USD so far, at least 2.0120 USD an hour; no price is known for x9.huge")
    assert (watched_json(unknown)["unpriced"], watched_json(SEEN)["unpriced"]) == (["x9.huge"], [])


def test_the_status_of_a_burst_names_what_has_no_price() -> None:
    lines = [str(line).strip() for line in status_lines("fit", replace(STATUS, unpriced=("x9.huge",)))]
    assert lines[-1] == "at least 1.2500 USD so far, 2.0120 USD an hour at list price; no price is known for x9.huge"
