"""Who may call a function: statements of its policy, each a resource of its own.

An id is the statement's alone, as in the vendor's state; only an import is by ``FUNCTION/STATEMENT``. Nothing here is
ever changed in place.
https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
"""

from __future__ import annotations

import json
from typing import Any

from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.refusal import Refusal

_MEMBERS = {"action": "Action", "principal": "Principal", "sourceArn": "SourceArn", "sourceAccount": "SourceAccount"}


def _create(context: Context, inputs: Inputs) -> str:
    """AWS refuses a second statement of that id; moto would keep both."""
    function, statement = inputs["function"], inputs["statementId"]
    if _statement(context, function, statement) is not None:
        raise Refusal("ResourceConflictException", f"the statement id ({statement}) provided already exists")
    asked = {member: inputs[key] for key, member in _MEMBERS.items() if inputs.get(key)}
    context.call("lambda", "add_permission", FunctionName=function, StatementId=statement, **asked)
    return str(statement)


def _statement(context: Context, function: str, statement: str) -> dict[str, Any] | None:
    """The statement; None where the function's policy has none of this id, or the function has no policy."""
    try:
        policy = json.loads(context.call("lambda", "get_policy", FunctionName=function)["Policy"])
    except Refusal as refusal:
        if refusal.means_gone:
            return None
        raise
    return next((each for each in policy["Statement"] if each["Sid"] == statement), None)


def _read(context: Context, identity: str, inputs: Inputs) -> Live | None:
    function, statement = (inputs["function"], identity) if inputs else identity.split("/", 1)
    found = _statement(context, function, statement)
    if found is None:
        return None
    principal, conditions = found["Principal"], found.get("Condition", {})
    return {
        "function": function,
        "statementId": statement,
        "action": found["Action"],
        "principal": principal if isinstance(principal, str) else next(iter(principal.values())),
        "sourceArn": conditions.get("ArnLike", {}).get("AWS:SourceArn"),
        "sourceAccount": conditions.get("StringEquals", {}).get("AWS:SourceAccount"),
    }


def _delete(context: Context, identity: str, state: State) -> None:
    context.call("lambda", "remove_permission", FunctionName=state["function"], StatementId=identity)


PERMISSION = Kind(
    type="aws:lambda/permission:Permission",
    inputs=frozenset(_MEMBERS) | words("function statementId"),
    replaces=frozenset(_MEMBERS) | words("function statementId"),
    name="statementId",
    create=_create,
    read=_read,
    delete=_delete,
)

KINDS = (PERMISSION,)
