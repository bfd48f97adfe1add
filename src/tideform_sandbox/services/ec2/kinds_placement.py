"""Placement groups."""

from __future__ import annotations

from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.services.ec2.tags import arn, live_tags, retag, tagged

_ASKED = words("strategy partitionCount spreadLevel")


def _create(context: Context, inputs: Inputs) -> str:
    asked = {key: inputs[key] for key in _ASKED if inputs.get(key)}
    context.send("ec2", "create_placement_group", asked, GroupName=inputs["name"], **tagged("placement-group", inputs))
    return str(inputs["name"])


def _settle(context: Context, name: str, old: Inputs, new: Inputs) -> None:
    found = _find(context, name) if old else None
    if found is not None:
        retag(context, found["GroupId"], old, new)


def _find(context: Context, name: str) -> Live | None:
    """By a filter: asking for a name that is not there is an error of its own kind."""
    by_name = [{"Name": "group-name", "Values": [name]}]
    found = context.call("ec2", "describe_placement_groups", Filters=by_name)["PlacementGroups"]
    return found[0] if found else None


def _read(context: Context, name: str, _inputs: Inputs) -> Live | None:
    found = _find(context, name)
    if found is None:
        return None
    return {
        "name": found["GroupName"],
        "strategy": found["Strategy"],
        "partitionCount": found.get("PartitionCount"),
        "spreadLevel": found.get("SpreadLevel"),
        "placementGroupId": found["GroupId"],
        "arn": arn(context, "placement-group", name),
        "tags": live_tags(found),
    }


def _delete(context: Context, name: str, _state: State) -> None:
    context.call("ec2", "delete_placement_group", GroupName=name)


KINDS = (
    Kind(
        type="aws:ec2/placementGroup:PlacementGroup",
        inputs=_ASKED | {"name", "tags"},
        computed=words("arn placementGroupId partitionCount spreadLevel tagsAll"),
        replaces=_ASKED | {"name"},
        name="name",
        create=_create,
        settle=_settle,
        read=_read,
        delete=_delete,
    ),
)
