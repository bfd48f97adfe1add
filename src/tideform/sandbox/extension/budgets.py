"""Budgets: changing a budget, its notifications and subscribers, and its tags.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Budgets.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.budgets.exceptions import NotFoundException
from moto.budgets.responses import BudgetsResponse

from tideform.sandbox.extension.request import parameters, put


def install() -> None:
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
    create = BudgetsResponse.create_budget

    def create_budget(self: Any) -> Any:
        answered = create(self)
        given = parameters(self)
        _budget(self, given["AccountId"], given["Budget"]["BudgetName"]).tags = given.get("ResourceTags") or []
        return answered

    put(BudgetsResponse, "create_budget", create_budget)


def update_budget(response: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Replace a budget's settings; its notifications stay."""
    new = json.loads(response.body)["NewBudget"]  # as moto keeps them: times as numbers
    budget = _budget(response, given["AccountId"], new["BudgetName"])
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
        raise _missing("the subscriber doesn't exist")
    subscribers[subscribers.index(given["OldSubscriber"])] = given["NewSubscriber"]
    return {}


def delete_subscriber(response: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Tell one less."""
    subscribers = _notification(response, given).subscribers
    if given["Subscriber"] not in subscribers:
        raise _missing("the subscriber doesn't exist")
    subscribers.remove(given["Subscriber"])
    return {}


def describe_subscribers_for_notification(response: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Who is told."""
    return {"Subscribers": _notification(response, given).subscribers}


def tag_resource(response: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Add or replace tags of a budget."""
    budget = _tagged(response, given)
    new = {tag["Key"]: tag for tag in given["ResourceTags"]}
    budget.tags = [tag for tag in _tags(budget) if tag["Key"] not in new] + list(new.values())
    return {}


def untag_resource(response: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Take tags of a budget away."""
    budget = _tagged(response, given)
    budget.tags = [tag for tag in _tags(budget) if tag["Key"] not in given["ResourceTagKeys"]]
    return {}


def list_tags_for_resource(response: Any, given: dict[str, Any]) -> dict[str, Any]:
    """A budget's tags."""
    return {"ResourceTags": _tags(_tagged(response, given))}


def _method(operation: Callable[[Any, dict[str, Any]], dict[str, Any]]) -> Callable[[Any], str]:
    def answer(self: Any) -> str:
        return json.dumps(operation(self, parameters(self)))

    return answer


def _budget(response: Any, account: str, name: str) -> Any:
    budgets = response.backend.budgets[account]
    if name not in budgets:
        raise _missing(f"Unable to get budget: {name} - the budget doesn't exist.")
    return budgets[name]


def _notification(response: Any, given: dict[str, Any], member: str = "Notification") -> Any:
    budget = _budget(response, given["AccountId"], given["BudgetName"])
    wanted = _comparable(given[member])
    for notification in budget.notifications:
        if _comparable(notification.details) == wanted:
            return notification
    raise _missing("the notification doesn't exist")


def _comparable(notification: dict[str, Any]) -> tuple[Any, ...]:
    """What makes a notification the same; its state and AWS's default do not."""
    threshold_type = notification.get("ThresholdType", "PERCENTAGE")
    keys = ("NotificationType", "ComparisonOperator")
    return (*(notification[key] for key in keys), float(notification["Threshold"]), threshold_type)


def _tagged(response: Any, given: dict[str, Any]) -> Any:
    arn = given["ResourceARN"]  # arn:aws:budgets::ACCOUNT:budget/NAME
    return _budget(response, arn.split(":")[4], arn.partition("budget/")[2])


def _tags(budget: Any) -> list[dict[str, str]]:
    found: list[dict[str, str]] = getattr(budget, "tags", [])
    return found


def _missing(message: str) -> Exception:
    error: Exception = NotFoundException(message)
    return error
