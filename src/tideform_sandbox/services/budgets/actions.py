"""Budget actions, which moto does not know: they are kept, and none is ever carried out.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateBudgetAction.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from moto.budgets.exceptions import NotFoundException
from moto.budgets.responses import BudgetsResponse

from tideform_sandbox.extension.request import parameters, put

_PLACE = ("AccountId", "BudgetName")
_SETTINGS = (
    "NotificationType", "ActionType", "ActionThreshold", "Definition", "ExecutionRoleArn", "ApprovalModel",
    "Subscribers",
)  # fmt: skip
Given = dict[str, Any]


def install() -> None:
    """Teach moto's Budgets the operations on actions."""
    operations = (
        create_budget_action,
        describe_budget_action,
        describe_budget_actions_for_budget,
        update_budget_action,
        delete_budget_action,
    )
    for operation in operations:
        put(BudgetsResponse, operation.__name__, _method(operation))


def create_budget_action(response: Any, given: Given) -> Given:
    """A new action of a budget, with its tags."""
    action = {
        "ActionId": str(uuid.uuid4()),
        "BudgetName": given["BudgetName"],
        "Status": "STANDBY",
        **{key: given[key] for key in _SETTINGS},
    }
    actions(_budget(response, given))[action["ActionId"]] = action
    tags_of(_budget(response, given))[action["ActionId"]] = given.get("ResourceTags") or []
    return {**_place(given), "ActionId": action["ActionId"]}


def describe_budget_action(response: Any, given: Given) -> Given:
    """One action."""
    return {**_place(given), "Action": _action(response, given)}


def describe_budget_actions_for_budget(response: Any, given: Given) -> Given:
    """Those of one budget."""
    return {"Actions": list(actions(_budget(response, given)).values())}


def update_budget_action(response: Any, given: Given) -> Given:
    """Other settings; what kind of action it is stays."""
    action = _action(response, given)
    before = dict(action)
    action.update({key: given[key] for key in _SETTINGS if key in given and key != "ActionType"})
    return {**_place(given), "OldAction": before, "NewAction": action}


def delete_budget_action(response: Any, given: Given) -> Given:
    """Forget an action."""
    action = _action(response, given)
    budget = _budget(response, given)
    del actions(budget)[given["ActionId"]], tags_of(budget)[given["ActionId"]]
    return {**_place(given), "Action": action}


def budget_of(response: Any, account: str, name: str) -> Any:
    """moto's budget. Raises its NotFoundException."""
    budgets = response.backend.budgets[account]
    if name not in budgets:
        raise missing(f"Unable to get budget: {name} - the budget doesn't exist.")
    return budgets[name]


def actions(budget: Any) -> dict[str, Given]:
    """By id."""
    return _kept(budget, "actions")


def tags_of(budget: Any) -> dict[str, list[dict[str, str]]]:
    """Of each action, by its id."""
    return _kept(budget, "action_tags")


def _kept(budget: Any, name: str) -> dict[str, Any]:
    if not hasattr(budget, name):
        setattr(budget, name, {})
    found: dict[str, Any] = getattr(budget, name)
    return found


def _budget(response: Any, given: Given) -> Any:
    return budget_of(response, given["AccountId"], given["BudgetName"])


def _action(response: Any, given: Given) -> Given:
    found = actions(_budget(response, given)).get(given["ActionId"])
    if found is None:
        raise missing(f"Unable to get action: {given['ActionId']} - the action doesn't exist.")
    return found


def _place(given: Given) -> Given:
    return {key: given[key] for key in _PLACE}


def _method(operation: Callable[[Any, Given], Given]) -> Callable[[Any], str]:
    return lambda self: json.dumps(operation(self, parameters(self)))


def missing(message: str) -> Exception:
    """moto's error for what is not there."""
    error: Exception = NotFoundException(message)
    return error
