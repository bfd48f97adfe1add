"""The budget action as a brake: shown where there is one, told when it is missing, and never in the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.burst.fakes import Stage
from tideform.burst.brakes import Brake, Kind, require
from tideform.burst.budget_brake import budget_brakes
from tideform.burst.runner import Work
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.errors import RefusedError
from tideform.spec.deployment import Deployment
from tideform.spec.project import Budget
from tideform_sandbox.extension import install

ACCOUNT = "123456789012"
BUDGET = {
    "BudgetName": "demo-dev-monthly",
    "BudgetLimit": {"Amount": "10", "Unit": "USD"},
    "TimeUnit": "MONTHLY",
    "BudgetType": "COST",
}


@pytest.fixture
def nightly(deployment: Deployment) -> Deployment:
    """A pool that starts by itself, so a role of ours launches; and a budget that is a hard stop."""
    pool = deployment.spec.training["fit"].model_copy(update={"schedule": "rate(1 day)"})
    budget = Budget.model_validate({"monthly": "10 USD", "hard_stop": True})
    return replace(deployment, spec=deployment.spec.model_copy(update={"budget": budget, "training": {"fit": pool}}))


@pytest.fixture
def budgets(cloud: Cloud) -> Iterator[Any]:
    install("budgets")
    client = cloud.client("budgets")
    client.create_budget(AccountId=ACCOUNT, Budget=BUDGET)
    yield client


def act(budgets: Any) -> None:
    budgets.create_budget_action(
        AccountId=ACCOUNT,
        BudgetName=BUDGET["BudgetName"],
        NotificationType="ACTUAL",
        ActionType="APPLY_IAM_POLICY",
        ActionThreshold={"ActionThresholdValue": 100, "ActionThresholdType": "PERCENTAGE"},
        Definition={"IamActionDefinition": {"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/stop", "Roles": ["r"]}},
        ExecutionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/stop",
        ApprovalModel="AUTOMATIC",
        Subscribers=[{"SubscriptionType": "EMAIL", "Address": "oncall@example.com"}],
    )


def test_it_is_advisory_and_in_place_once_the_budget_has_its_action(
    cloud: Cloud, budgets: Any, nightly: Deployment
) -> None:
    act(budgets)
    [brake] = budget_brakes(cloud, nightly)
    assert (brake.kind, brake.missing()) == (Kind.ADVISORY, "")


def test_it_is_missing_without_an_action(cloud: Cloud, budgets: Any, nightly: Deployment) -> None:
    assert "no action" in budget_brakes(cloud, nightly)[0].missing()


def test_it_is_missing_without_a_budget(cloud: Cloud, nightly: Deployment) -> None:
    install("budgets")
    assert "no budget" in budget_brakes(cloud, nightly)[0].missing()


def test_there_is_none_where_nothing_of_ours_launches(cloud: Cloud, nightly: Deployment) -> None:
    pool = nightly.spec.training["fit"].model_copy(update={"schedule": None})
    spec = nightly.spec.model_copy(update={"training": {"fit": pool}})
    assert budget_brakes(cloud, replace(nightly, spec=spec)) == ()


def test_a_missing_advisory_brake_is_told_and_refuses_nothing(
    table: LeaseTable, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(table, deployment.spec.training["fit"])
    monkeypatch.setattr(type(stage.runner), "brakes", lambda _: (brake(Kind.ADVISORY),))
    assert stage.session().run(Work(), print).exit_code == 0
    assert any("advisory" in line for line in stage.said)


@pytest.mark.parametrize("kind", [Kind.TERMINAL, Kind.BOUNDING])
def test_any_other_missing_brake_refuses(kind: Kind) -> None:
    with pytest.raises(RefusedError):
        require([brake(kind), brake(Kind.ADVISORY)])


def brake(kind: Kind) -> Brake:
    return Brake("one", kind, "for the tests", lambda: "it is not there")
