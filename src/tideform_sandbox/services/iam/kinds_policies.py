"""IAM policies of the account's own."""

from __future__ import annotations

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.services.iam.kinds import document

_TAGS = tagging.Tagger("iam", "PolicyArn", tag="tag_policy", untag="untag_policy")


def _create(context: Context, inputs: Inputs) -> str:
    asked = {key: inputs[key] for key in ("name", "path", "description", "tags") if inputs.get(key)}
    names = {"name": "PolicyName"}
    made = context.send("iam", "create_policy", asked, names, PolicyDocument=document(inputs["policy"]))
    return str(made["Policy"]["Arn"])


def _settle(context: Context, arn: str, old: Inputs, new: Inputs) -> None:
    """Another document is another version; the one before goes, since IAM keeps five."""
    if not old:
        return
    if document(old["policy"]) != document(new["policy"]):
        before = _policy(context, arn)["DefaultVersionId"]
        text = document(new["policy"])
        context.call("iam", "create_policy_version", PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)
        context.call("iam", "delete_policy_version", PolicyArn=arn, VersionId=before)
    _TAGS.settle(context, arn, old, new)


def _read(context: Context, arn: str, _inputs: Inputs) -> Live | None:
    found = _policy(context, arn)
    version = context.call("iam", "get_policy_version", PolicyArn=arn, VersionId=found["DefaultVersionId"])
    return {
        "name": found["PolicyName"],
        "arn": arn,
        "policyId": found["PolicyId"],
        "path": found["Path"],
        "description": found.get("Description", ""),
        "policy": document(version["PolicyVersion"]["Document"]),
        "attachmentCount": found.get("AttachmentCount", 0),
        "tags": tagging.as_tags(context.call("iam", "list_policy_tags", PolicyArn=arn)["Tags"]),
    }


def _policy(context: Context, arn: str) -> Live:
    found: Live = context.call("iam", "get_policy", PolicyArn=arn)["Policy"]
    return found


def _delete(context: Context, arn: str, _state: State) -> None:
    context.call("iam", "delete_policy", PolicyArn=arn)


_POLICY = Kind(
    type="aws:iam/policy:Policy",
    inputs=words("name policy description path tags"),
    stored_only=words("delayAfterPolicyCreationInMs"),
    computed=words("arn policyId attachmentCount tagsAll"),
    replaces=words("name description path"),
    defaults={"path": "/"},
    name="name",
    create=_create,
    settle=_settle,
    read=_read,
    delete=_delete,
)

KINDS = (_POLICY,)
