"""What all EC2 resources share: tags at creation, tags afterwards, ARNs."""

from __future__ import annotations

from typing import Any

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs


def tagged(resource_type: str, inputs: Inputs) -> dict[str, Any]:
    """The member by which a create operation tags what it makes; empty without tags."""
    tags = tagging.as_pairs(inputs.get("tags"))
    return {"TagSpecifications": [{"ResourceType": resource_type, "Tags": tags}]} if tags else {}


def retag(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
    """Bring the tags of an EC2 resource in line; creation has set the first ones."""
    if not old:
        return
    removed, added = tagging.changed(old, new)
    if removed:
        context.call("ec2", "delete_tags", Resources=[identity], Tags=[{"Key": key} for key in removed])
    if added:
        context.call("ec2", "create_tags", Resources=[identity], Tags=tagging.as_pairs(added))


def arn(context: Context, kind: str, identity: str) -> str:
    """The ARN of an EC2 resource, which EC2 itself does not tell."""
    return f"arn:aws:ec2:{context.region}:{context.account}:{kind}/{identity}"


def only(context: Context, operation: str, result: str, /, **members: Any) -> dict[str, Any] | None:
    """The one thing that a describe operation was asked for."""
    found = context.call("ec2", operation, **members)[result]
    return found[0] if found else None


def live_tags(found: dict[str, Any]) -> dict[str, str]:
    """The tags in an EC2 answer."""
    return tagging.as_tags(found.get("Tags", []))
