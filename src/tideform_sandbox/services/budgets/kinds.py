"""AWS Budgets."""

from __future__ import annotations

from typing import Any

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words

_TAGGER = tagging.Tagger("budgets", "ResourceARN", tags="ResourceTags", keys="ResourceTagKeys")
_SETTINGS = words("budgetType limitAmount limitUnit timeUnit costFilters timePeriodStart timePeriodEnd costTypes")
_SUBSCRIBERS = {"subscriberEmailAddresses": "EMAIL", "subscriberSnsTopicArns": "SNS"}


def _document(context: Context, inputs: Inputs) -> dict[str, Any]:
    document: dict[str, Any] = {
        "BudgetName": inputs["name"],
        "BudgetType": inputs["budgetType"],
        "TimeUnit": inputs["timeUnit"],
        "BudgetLimit": {"Amount": str(inputs["limitAmount"]), "Unit": inputs["limitUnit"]},
    }
    filters = {each["name"]: list(each["values"]) for each in inputs.get("costFilters") or []}
    if filters:
        document["CostFilters"] = filters
    if inputs.get("costTypes"):
        carried = context.carried("budgets", "create_budget", {"budget": {"costTypes": inputs["costTypes"]}})
        document["CostTypes"] = carried["Budget"]["CostTypes"]
    period = {"Start": _instant(inputs.get("timePeriodStart")), "End": _instant(inputs.get("timePeriodEnd"))}
    if any(period.values()):
        document["TimePeriod"] = {key: value for key, value in period.items() if value}
    return document


def _instant(text: str | None) -> Any:
    """The vendor writes ``2026-11-01_00:00``."""
    from datetime import UTC, datetime

    return datetime.strptime(text, "%Y-%m-%d_%H:%M").replace(tzinfo=UTC) if text else None


def _notification(each: Inputs) -> dict[str, Any]:
    return {
        "NotificationType": each["notificationType"],
        "ComparisonOperator": each["comparisonOperator"],
        "Threshold": float(each["threshold"]),
        "ThresholdType": each["thresholdType"],
    }


def _subscribers(each: Inputs) -> list[dict[str, str]]:
    named = _SUBSCRIBERS.items()
    return [{"SubscriptionType": kind, "Address": to} for key, kind in named for to in each.get(key) or []]


def _create(context: Context, inputs: Inputs) -> str:
    notifications = inputs.get("notifications") or []
    members: dict[str, Any] = {"AccountId": context.account, "Budget": _document(context, inputs)}
    if notifications:
        members["NotificationsWithSubscribers"] = [
            {"Notification": _notification(each), "Subscribers": _subscribers(each)} for each in notifications
        ]
    if inputs.get("tags"):
        members["ResourceTags"] = tagging.as_pairs(inputs["tags"])
    context.call("budgets", "create_budget", **members)
    return f"{context.account}:{inputs['name']}"


def _settle(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
    if not old:
        return
    place = _place(identity)
    if any(old.get(key) != new.get(key) for key in _SETTINGS):
        context.call("budgets", "update_budget", AccountId=place["AccountId"], NewBudget=_document(context, new))
    before, after = old.get("notifications") or [], new.get("notifications") or []
    for each in (each for each in before if each not in after):
        context.call("budgets", "delete_notification", **place, Notification=_notification(each))
    for each in (each for each in after if each not in before):
        members = {"Notification": _notification(each), "Subscribers": _subscribers(each)}
        context.call("budgets", "create_notification", **place, **members)
    _TAGGER.settle(context, _arn(identity), old, new)


def _place(identity: str) -> dict[str, str]:
    account, _, name = identity.partition(":")
    return {"AccountId": account, "BudgetName": name}


def _arn(identity: str) -> str:
    place = _place(identity)
    return f"arn:aws:budgets::{place['AccountId']}:budget/{place['BudgetName']}"


def _read(context: Context, identity: str, inputs: Inputs) -> Live | None:
    place = _place(identity)
    budget = context.call("budgets", "describe_budget", **place)["Budget"]
    found = context.call("budgets", "describe_notifications_for_budget", **place)["Notifications"]
    filters = budget.get("CostFilters", {})
    live: Live = {
        "name": place["BudgetName"],
        "arn": _arn(identity),
        "accountId": place["AccountId"],
        "budgetType": budget["BudgetType"],
        "timeUnit": budget["TimeUnit"],
        "limitAmount": _amount(budget["BudgetLimit"]["Amount"], inputs.get("limitAmount")),
        "limitUnit": budget["BudgetLimit"]["Unit"],
        "costFilters": [{"name": name, "values": values} for name, values in filters.items()],
        "notifications": [_live_notification(context, place, each) for each in found],
    }
    tags = context.call("budgets", "list_tags_for_resource", ResourceARN=_arn(identity)).get("ResourceTags", [])
    return {**live, "tags": tagging.as_tags(tags)}


def _amount(live: str, asked: Any) -> Any:
    """``100`` and ``100.0`` are one amount."""
    return asked if asked is not None and float(live) == float(asked) else live


def _live_notification(context: Context, place: dict[str, str], found: dict[str, Any]) -> Live:
    notification = {key: value for key, value in found.items() if key != "NotificationState"}
    answer = context.call("budgets", "describe_subscribers_for_notification", **place, Notification=notification)
    addresses = {
        key: [each["Address"] for each in answer["Subscribers"] if each["SubscriptionType"] == kind]
        for key, kind in _SUBSCRIBERS.items()
    }
    return {
        "notificationType": found["NotificationType"],
        "comparisonOperator": found["ComparisonOperator"],
        "threshold": found["Threshold"],
        "thresholdType": found.get("ThresholdType", "PERCENTAGE"),
        **{key: value for key, value in addresses.items() if value},
    }


def _delete(context: Context, identity: str, _state: State) -> None:
    context.call("budgets", "delete_budget", **_place(identity))


_BUDGET = Kind(
    type="aws:budgets/budget:Budget",
    inputs=_SETTINGS | words("name accountId notifications tags"),
    stored_only=words("autoAdjustData billingViewArn plannedLimits filterExpression metrics"),
    computed=words("arn accountId tagsAll"),
    replaces=words("name accountId"),
    name="name",
    create=_create,
    settle=_settle,
    read=_read,
    delete=_delete,
)

KINDS = (_BUDGET,)
