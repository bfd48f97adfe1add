"""The monitoring layer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.stacks.collecting import FULL, collect, inputs, of_type, statements
from tideform.model.engine import Preview


def test_every_receiver_is_subscribed() -> None:
    found = of_type(collect("monitoring"), "TopicSubscription")
    assert {(r.after["protocol"], r.after["endpoint"]) for r in found if r.after} == {
        ("email", "oncall@example.com"),
        ("https", "https://example.com/hook"),
        ("sqs", "arn:aws:sqs:eu-west-1:123456789012:pages"),
    }


def test_only_our_alarms_budgets_and_rules_publish() -> None:
    policy = statements(inputs(collect("monitoring"), "TopicPolicy", "alerts")["policy"])
    allowed = {s["Principal"]["Service"]: s["Condition"] for s in policy if s["Effect"] == "Allow"}
    assert set(allowed) == {"cloudwatch.amazonaws.com", "budgets.amazonaws.com", "events.amazonaws.com"}
    assert all(allowed.values())


def test_each_pool_tells_of_failed_jobs() -> None:
    found = collect("monitoring")
    pattern = json.loads(inputs(found, "EventRule", "nightly")["eventPattern"])
    assert pattern["detail"]["jobQueue"] == ["arn:aws:batch:eu-west-1:123456789012:job-queue/fraud-scoring-dev-nightly"]
    queue = inputs(collect("training", "nightly"), "JobQueue", "nightly")["name"]
    assert pattern["detail"]["jobQueue"][0].endswith(f"/{queue}")


@pytest.mark.parametrize("backend", ["ec2", "eks"])
def test_no_rule_waits_for_events_that_a_backend_does_not_send(backend: str) -> None:
    pool = {**FULL["training"]["nightly"], "backend": backend}
    found = collect("monitoring", training={"nightly": pool})
    assert [each.name for each in of_type(found, "EventRule")] == []
    assert "nightly" not in inputs(found, "Dashboard", "overview")["dashboardBody"]


def test_each_pool_and_endpoint_has_its_alarms() -> None:
    found = of_type(collect("monitoring"), "MetricAlarm")
    assert {r.name for r in found} == {
        "nightly-pool-failing",
        "small-pool-failing",
        "score-endpoint-capacity",
        "score-endpoint-errors",
        "score-endpoint-latency",
    }


def test_a_deferred_endpoint_has_nothing_to_watch() -> None:
    found = of_type(collect("monitoring", pinned={}), "MetricAlarm")
    assert not [r for r in found if r.name.startswith("score")]


def test_alarms_watch_the_endpoint_that_serving_makes() -> None:
    alarm = inputs(collect("monitoring"), "MetricAlarm", "score-endpoint-errors")
    endpoint = inputs(collect("serving", "score"), "Endpoint", "score")
    assert alarm["dimensions"]["EndpointName"] == endpoint["name"]


def test_an_alarm_has_one_kind_of_statistic() -> None:
    for alarm in of_type(collect("monitoring"), "MetricAlarm"):
        assert ("statistic" in (alarm.after or {})) != ("extendedStatistic" in (alarm.after or {}))


def test_the_dashboard_names_the_region_in_each_graph() -> None:
    body = json.loads(inputs(collect("monitoring"), "Dashboard", "overview")["dashboardBody"])
    assert len(body["widgets"]) == 4
    assert {widget["properties"]["region"] for widget in body["widgets"]} == {"eu-west-1"}


def test_the_budget_counts_what_carries_the_projects_tag() -> None:
    budget = inputs(collect("monitoring"), "Budget", "monthly")
    assert budget["costFilters"] == [{"name": "TagKeyValue", "values": ["user:tideform:project$fraud-scoring"]}]
    assert [n["threshold"] for n in budget["notifications"]] == [50, 80]
    assert float(budget["limitAmount"]) == 4000


def test_an_alert_that_is_named_twice_is_one_notification() -> None:
    budget = {"monthly": "10 USD", "alerts": ["50%", "50%"]}
    assert len(inputs(collect("monitoring", budget=budget), "Budget", "monthly")["notifications"]) == 1


def test_without_a_budget_none_is_made() -> None:
    assert of_type(collect("monitoring", budget=None), "Budget") == []


def test_exports() -> None:
    assert set(collect("monitoring").outputs) == {"topic_arn", "dashboard_name"}


SCHEDULED = {"nightly": {**FULL["training"]["nightly"], "schedule": "rate(1 day)"}}
CLUSTER = {"nightly": {**FULL["training"]["nightly"], "backend": "eks"}}
HARD = {"monthly": "4000 USD", "hard_stop": True}


def stopped(training: dict[str, Any], **words: Any) -> Preview:
    return collect("monitoring", **{"training": training, "serving": {}, "budget": HARD, **words})


@pytest.mark.parametrize("training", [SCHEDULED, CLUSTER])
def test_a_hard_stop_denies_launching_to_roles_that_are_made_and_give_the_policy_back(training: dict[str, Any]) -> None:
    action = inputs(stopped(training), "BudgetAction", "budget-stop")
    where = ("foundation",) if training is CLUSTER else ("training", "nightly")
    made = of_type(collect(*where, training=training), "Role")
    braked = {r.after["name"] for r in made if r.after and r.after.get("forceDetachPolicies")}
    assert set(action["definition"]["iamActionDefinition"]["roles"]) == braked != set()


def test_a_hard_stop_acts_by_itself_at_the_whole_budget() -> None:
    action = inputs(stopped(SCHEDULED), "BudgetAction", "budget-stop")
    assert (action["approvalModel"], action["notificationType"]) == ("AUTOMATIC", "ACTUAL")
    assert action["actionThreshold"] == {"actionThresholdType": "PERCENTAGE", "actionThresholdValue": 100}


def test_a_hard_stop_denies_to_launch_what_is_ours_and_nothing_else() -> None:
    found = statements(inputs(stopped(SCHEDULED), "Policy", "budget-stop")["policy"])
    assert {s["Effect"] for s in found} == {"Deny"}
    assert all("fraud-scoring-dev-*" in s["Resource"] or s["Condition"]["StringEquals"] for s in found)


def test_budgets_may_attach_that_one_policy_to_those_roles_only() -> None:
    found = stopped(SCHEDULED)
    [right] = statements(inputs(found, "RolePolicy", "budget-stop")["policy"])
    name = inputs(found, "Policy", "budget-stop")["name"]
    assert right["Condition"] == {"ArnEquals": {"iam:PolicyARN": f"arn:aws:iam::123456789012:policy/{name}"}}
    assert right["Resource"] == ["arn:aws:iam::123456789012:role/fraud-scoring-dev-nightly-starter"]


@pytest.mark.parametrize(
    "words",
    [
        {"training": FULL["training"]},  # AWS's own roles launch: nobody can attach a policy to those
        {"training": SCHEDULED, "budget": {"monthly": "4000 USD"}},
        {"training": CLUSTER, "cluster": {"existing": "mine"}},
    ],
)
def test_there_is_no_action_without_a_hard_stop_or_a_role_of_ours_that_launches(words: dict[str, Any]) -> None:
    assert of_type(stopped(**words), "BudgetAction") == []
