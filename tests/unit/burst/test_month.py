"""The month's hard stop: our own meter of all pools refuses new bursts, and nothing else does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.burst.fakes import Stage
from tideform.burst.lease import Lease
from tideform.burst.month import hard_stop
from tideform.burst.runner import OnLog, Work
from tideform.burst.table import LeaseTable
from tideform.errors import RefusedError
from tideform.reaper.meter import Account
from tideform.spec.deployment import Deployment
from tideform.spec.project import Budget

NOW, BEFORE = "2027-01", "2026-12"  # of `START`


@pytest.fixture
def stage(table: LeaseTable, deployment: Deployment) -> Stage:
    return Stage(table, deployment.spec.training["fit"], stop_usd=100.0)


def spent(table: LeaseTable, **pools: dict[str, float]) -> None:
    for pool, months in pools.items():
        table.items.write(Account(months=months).as_item(f"meter#{pool}"))


@pytest.mark.parametrize("pools", [{"fit": {NOW: 100.0}}, {"fit": {NOW: 60.0}, "other": {NOW: 41.0}}])
def test_a_burst_is_refused_once_all_pools_together_have_cost_the_budget(
    stage: Stage, pools: dict[str, dict[str, float]]
) -> None:
    spent(stage.table, **pools)
    with pytest.raises(RefusedError) as caught:
        stage.session().run(Work(), print)
    assert caught.value.diagnostics[0].code == "TD620"


@pytest.mark.parametrize("pools", [{"fit": {NOW: 99.99}}, {"fit": {BEFORE: 500.0}}, {}])
def test_a_burst_begins_while_the_month_has_cost_less(stage: Stage, pools: dict[str, dict[str, float]]) -> None:
    spent(stage.table, **pools)
    assert stage.session().run(Work(), print).exit_code == 0


def test_up_is_refused_like_run(stage: Stage) -> None:
    spent(stage.table, fit={NOW: 100.0})
    with pytest.raises(RefusedError):
        stage.session().up()


def test_what_is_refused_leaves_neither_lease_nor_capacity(stage: Stage) -> None:
    spent(stage.table, fit={NOW: 100.0})
    with pytest.raises(RefusedError):
        stage.session().run(Work(), print)
    assert (stage.table.get("fit").count, stage.calls) == (0, [])


def test_the_refusal_tells_the_months_cost_and_the_budget_and_how_to_go_on(stage: Stage) -> None:
    spent(stage.table, fit={NOW: 123.456})
    with pytest.raises(RefusedError) as caught:
        stage.session().run(Work(), print)
    told = caught.value.diagnostics[0]
    assert "123.46 USD" in told.detail
    assert "100.00 USD" in told.detail
    assert "budget.monthly" in (told.fix or "")


def test_a_burst_that_runs_when_the_budget_goes_is_the_reapers(stage: Stage) -> None:
    def work(_lease: Lease, _log: OnLog, _halt: object) -> int:
        spent(stage.table, other={NOW: 500.0})
        return 0

    stage.runner.work = work
    assert stage.session().run(Work(), print).exit_code == 0


def test_a_budget_that_only_alerts_refuses_nothing(stage: Stage) -> None:
    stage.stop_usd = None
    spent(stage.table, fit={NOW: 500.0})
    assert stage.session().run(Work(), print).exit_code == 0


@pytest.mark.parametrize(
    ("budget", "stop"),
    [
        (None, None),
        ({"monthly": "4000 USD"}, None),
        ({"monthly": "4000 USD", "hard_stop": True}, 4000.0),
    ],
)
def test_only_a_hard_stop_is_one(deployment: Deployment, budget: dict[str, object] | None, stop: float | None) -> None:
    given = None if budget is None else Budget.model_validate(budget)
    assert hard_stop(replace(deployment, spec=deployment.spec.model_copy(update={"budget": given}))) == stop
