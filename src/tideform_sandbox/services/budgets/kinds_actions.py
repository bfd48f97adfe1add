"""Actions of AWS Budgets."""

from __future__ import annotations

from typing import Any

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.shapes import from_api

_TAGGER = tagging.Tagger("budgets", "ResourceARN", tags="ResourceTags", keys="ResourceTagKeys")
_SETTINGS = words("notificationType actionThreshold definition executionRoleArn approvalModel subscribers")


def _create(context: Context, inputs: Inputs) -> str:
    """Its id is the vendor's: ``account:action:budget``."""
    members: dict[str, Any] = {"AccountId": context.account}
    if inputs.get("tags"):
        members["ResourceTags"] = tagging.as_pairs(inputs["tags"])
    asked = {key: inputs[key] for key in _SETTINGS | {"budgetName", "actionType"}}
    made = context.send("budgets", "create_budget_action", asked, {}, **members)
    return f"{context.account}:{made['ActionId']}:{inputs['budgetName']}"


def _settle(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
    if not old:
        return
    if changed := {key: new[key] for key in _SETTINGS if old.get(key) != new.get(key)}:
        context.send("budgets", "update_budget_action", changed, {}, **_place(identity))
    _TAGGER.settle(context, _arn(identity), old, new)


def _read(context: Context, identity: str, inputs: Inputs) -> Live | None:
    place = _place(identity)
    found = context.call("budgets", "describe_budget_action", **place)["Action"]
    live: Live = from_api(found, {}, {key: value for key, value in inputs.items() if key != "tags"})
    tags = context.call("budgets", "list_tags_for_resource", ResourceARN=_arn(identity)).get("ResourceTags", [])
    return {**live, "arn": _arn(identity), "accountId": place["AccountId"], "tags": tagging.as_tags(tags)}


def _delete(context: Context, identity: str, _state: State) -> None:
    context.call("budgets", "delete_budget_action", **_place(identity))


def _place(identity: str) -> dict[str, str]:
    account, action, name = identity.split(":", 2)
    return {"AccountId": account, "ActionId": action, "BudgetName": name}


def _arn(identity: str) -> str:
    place = _place(identity)
    return f"arn:aws:budgets::{place['AccountId']}:budget/{place['BudgetName']}/action/{place['ActionId']}"


_ACTION = Kind(
    type="aws:budgets/budgetAction:BudgetAction",
    inputs=_SETTINGS | words("budgetName actionType accountId tags"),
    computed=words("actionId arn accountId status tagsAll"),
    replaces=words("budgetName actionType accountId"),
    create=_create,
    settle=_settle,
    read=_read,
    delete=_delete,
)

KINDS = (_ACTION,)
