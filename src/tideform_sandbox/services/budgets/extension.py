"""Budgets: changing a budget, its notifications and subscribers, its tags, and its actions.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Budgets.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.budgets.responses import BudgetsResponse

from tideform_sandbox.extension.nouns import Store
from tideform_sandbox.extension.request import parameters, put
from tideform_sandbox.services.budgets import actions as budget_actions
from tideform_sandbox.services.budgets.actions import budget_of, missing, tags_of


def install(_: Store) -> None:
    """Extend moto's Budgets."""
    operations = (
        update_budget,
        update_notification,
        create_subscriber,
        update_subscriber,
        delete_subscriber,
        describe_subscribers_for_notification,
        tag_resource,
        untag_resource,
        list_tags_for_resource,
    )
    for operation in operations:
        put(BudgetsResponse, operation.__name__, _method(operation))
    budget_actions.install()
    create = BudgetsResponse.create_budget

    def create_budget(self: Any) -> Any:
        answered = create(self)
        given = parameters(self)
        budget_of(self, given["AccountId"], given["Budget"]["BudgetName"]).tags = given.get("ResourceTags") or []
        return answered

    put(BudgetsResponse, "create_budget", create_budget)


def update_budget(response: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Replace a budget's settings; its notifications stay."""
    new = json.loads(response.body)["NewBudget"]  # as moto keeps them: times as numbers
    budget = budget_of(response, given["AccountId"], new["BudgetName"])
    budget.budget = {**{key: budget.budget[key] for key in ("TimePeriod", "LastUpdatedTime")}, **new}
    return {}


def update_notification(response: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Replace a notification by another with the same subscribers."""
    _notification(response, given, "OldNotification").details = given["NewNotification"]
    return {}


def create_subscriber(response: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Tell one more."""
    _notification(response, given).subscribers.append(given["Subscriber"])
    return {}


def update_subscriber(response: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Tell another instead."""
    subscribers = _notification(response, given).subscribers
    if given["OldSubscriber"] not in subscribers:
        raise missing("the subscriber doesn't exist")
    subscribers[subscribers.index(given["OldSubscriber"])] = given["NewSubscriber"]
    return {}


def delete_subscriber(response: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Tell one less."""
    subscribers = _notification(response, given).subscribers
    if given["Subscriber"] not in subscribers:
        raise missing("the subscriber doesn't exist")
    subscribers.remove(given["Subscriber"])
    return {}


def describe_subscribers_for_notification(response: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Who is told."""
    return {"Subscribers": _notification(response, given).subscribers}


def tag_resource(response: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Add or replace tags of a budget or an action."""
    tagged = _tagged(response, given)
    new = {tag["Key"]: tag for tag in given["ResourceTags"]}
    tagged.put([tag for tag in tagged.tags if tag["Key"] not in new] + list(new.values()))
    return {}


def untag_resource(response: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Take tags away."""
    tagged = _tagged(response, given)
    tagged.put([tag for tag in tagged.tags if tag["Key"] not in given["ResourceTagKeys"]])
    return {}


def list_tags_for_resource(response: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The tags of a budget or an action."""
    return {"ResourceTags": _tagged(response, given).tags}


def _method(operation: Callable[[Any, dict[str, Any]], dict[str, Any]]) -> Callable[[Any], str]:
    def answer(self: Any) -> str:
        return json.dumps(operation(self, parameters(self)))

    return answer


def _notification(response: Any, given: dict[str, Any], member: str = "Notification") -> Any:
    budget = budget_of(response, given["AccountId"], given["BudgetName"])
    wanted = _comparable(given[member])
    for notification in budget.notifications:
        if _comparable(notification.details) == wanted:
            return notification
    raise missing("the notification doesn't exist")


def _comparable(notification: dict[str, Any]) -> tuple[Any, ...]:
    """What makes a notification the same; its state and AWS's default do not."""
    threshold_type = notification.get("ThresholdType", "PERCENTAGE")
    keys = ("NotificationType", "ComparisonOperator")
    return (*(notification[key] for key in keys), float(notification["Threshold"]), threshold_type)


def _tagged(response: Any, given: dict[str, Any]) -> _Tagged:
    arn = given["ResourceARN"]  # arn:aws:budgets::ACCOUNT:budget/NAME, for an action with /action/ID behind it
    name, _, action = arn.partition("budget/")[2].partition("/action/")
    return _Tagged(budget_of(response, arn.split(":")[4], name), action)


@dataclass(frozen=True)
class _Tagged:
    """A budget, or an action of it."""

    budget: Any
    action: str

    @property
    def tags(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = getattr(self.budget, "tags", [])
        return tags_of(self.budget).get(self.action, []) if self.action else found

    def put(self, tags: list[dict[str, str]]) -> None:
        if self.action:
            tags_of(self.budget)[self.action] = tags
        else:
            self.budget.tags = tags
