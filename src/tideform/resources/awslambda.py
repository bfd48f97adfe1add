"""Lambda: functions, and who may call them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tideform.resources.actions import actions
from tideform.resources.base import PartOf, ResourceType
from tideform.resources.costs import FREE, by_use
from tideform.resources.identity import named, within
from tideform.resources.inventory import Area, Leftover, Place

_FUNCTION = "aws:lambda/function:Function"


def functions(place: Place) -> Iterator[Leftover]:
    """Lambda functions; listing them does not tell their tags."""
    for found in place.pages("lambda", "list_functions", "Functions"):
        name = found["FunctionName"]
        function = Leftover("lambda", "function", name, note="billed by its invocations")
        yield from place.claim(function, name, partial(_function_tags, place, found["FunctionArn"]))


def _function_tags(place: Place, arn: str) -> dict[str, str]:
    return dict(place.cloud.client("lambda").list_tags(Resource=arn).get("Tags") or {})


TYPES = (
    ResourceType(
        _FUNCTION,
        terraform="aws_lambda_function",
        identify=named("name"),
        cost=by_use("invocations"),
        inventory=Area("Lambda functions", functions),
        actions=actions(
            "lambda",
            create="CreateFunction PutFunctionConcurrency",
            read="GetFunction GetFunctionConfiguration GetFunctionCodeSigningConfig ListVersionsByFunction ListTags",
            update="UpdateFunctionCode UpdateFunctionConfiguration PutFunctionConcurrency DeleteFunctionConcurrency",
            delete="DeleteFunction",
            tag="TagResource UntagResource",
            search="ListFunctions",
            passes=("lambda",),
        ),
        # AWS tells of a function's code a digest alone, and that of the zip that was sent:
        # https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html (CodeSha256)
        unread=frozenset({"code"}),
        in_units=True,
    ),
    ResourceType(
        "aws:lambda/permission:Permission",
        terraform="aws_lambda_permission",
        identify=within("function", "statementId"),
        cost=FREE,
        inventory=PartOf(_FUNCTION),
        actions=actions("lambda", create="AddPermission", read="GetPolicy", delete="RemovePermission"),
        within="function",
    ),
)
