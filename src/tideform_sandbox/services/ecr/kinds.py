"""ECR repositories and what they forget; nobody pushes images to the sandbox's, and nothing runs out of them."""

from __future__ import annotations

from typing import Any

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.refusal import Refusal


def _create(context: Context, inputs: Inputs) -> str:
    members: dict[str, Any] = {
        "repositoryName": inputs["name"],
        "imageTagMutability": inputs.get("imageTagMutability", "MUTABLE"),
        "imageScanningConfiguration": inputs.get("imageScanningConfiguration") or {"scanOnPush": False},
        "tags": tagging.as_pairs(inputs.get("tags")),
    }
    if encryption := inputs.get("encryptionConfigurations"):
        members["encryptionConfiguration"] = encryption[0]
    made = context.call("ecr", "create_repository", **members)["repository"]
    return str(made["repositoryName"])


def _settle(context: Context, name: str, old: Inputs, new: Inputs) -> None:
    if not old:
        return
    if new.get("imageTagMutability") != old.get("imageTagMutability"):
        mutability = new.get("imageTagMutability", "MUTABLE")
        context.call("ecr", "put_image_tag_mutability", repositoryName=name, imageTagMutability=mutability)
    if new.get("imageScanningConfiguration") != old.get("imageScanningConfiguration"):
        scanning = new.get("imageScanningConfiguration") or {"scanOnPush": False}
        context.call(
            "ecr", "put_image_scanning_configuration", repositoryName=name, imageScanningConfiguration=scanning
        )
    removed, added = tagging.changed(old, new)
    arn = _found(context, name)["repositoryArn"]
    if removed:
        context.call("ecr", "untag_resource", resourceArn=arn, tagKeys=removed)
    if added:
        context.call("ecr", "tag_resource", resourceArn=arn, tags=tagging.as_pairs(added))


def _read(context: Context, name: str, inputs: Inputs) -> Live | None:
    found = _found(context, name)
    tags = context.call("ecr", "list_tags_for_resource", resourceArn=found["repositoryArn"])["tags"]
    encryption = found.get("encryptionConfiguration")
    given = {"encryptionConfigurations": [encryption]} if encryption and inputs.get("encryptionConfigurations") else {}
    return {
        **given,
        "name": found["repositoryName"],
        "imageTagMutability": found["imageTagMutability"],
        "imageScanningConfiguration": found["imageScanningConfiguration"],
        "arn": found["repositoryArn"],
        "registryId": found["registryId"],
        "repositoryUrl": found["repositoryUri"],
        "tags": tagging.as_tags(tags),
    }


def _delete(context: Context, name: str, state: State) -> None:
    context.call("ecr", "delete_repository", repositoryName=name, force=bool(state.get("forceDelete")))


def _found(context: Context, name: str) -> dict[str, Any]:
    found: dict[str, Any] = context.call("ecr", "describe_repositories", repositoryNames=[name])["repositories"][0]
    return found


def _create_policy(context: Context, inputs: Inputs) -> str:
    """ECR writes over the policy that exists; the provider does not adopt, so it looks first."""
    name = str(inputs["repository"])
    try:
        context.call("ecr", "get_lifecycle_policy", repositoryName=name)
    except Refusal as refusal:
        if refusal.code != "LifecyclePolicyNotFoundException":
            raise
        _put_policy(context, name, inputs["policy"])
        return name
    raise Refusal("LifecyclePolicyAlreadyExists", f"the repository {name} has a life cycle already")


def _settle_policy(context: Context, name: str, old: Inputs, new: Inputs) -> None:
    if old:
        _put_policy(context, name, new["policy"])


def _put_policy(context: Context, name: str, policy: str) -> None:
    context.call("ecr", "put_lifecycle_policy", repositoryName=name, lifecyclePolicyText=policy)


def _read_policy(context: Context, name: str, _inputs: Inputs) -> Live | None:
    found = context.call("ecr", "get_lifecycle_policy", repositoryName=name)
    return {"repository": name, "policy": found["lifecyclePolicyText"]}


def _delete_policy(context: Context, name: str, _state: State) -> None:
    context.call("ecr", "delete_lifecycle_policy", repositoryName=name)


KINDS = (
    Kind(
        type="aws:ecr/repository:Repository",
        inputs=words("name imageTagMutability imageScanningConfiguration encryptionConfigurations forceDelete tags"),
        computed=words("arn registryId repositoryUrl tagsAll"),
        replaces=words("name encryptionConfigurations"),
        name="name",
        create=_create,
        settle=_settle,
        read=_read,
        delete=_delete,
    ),
    Kind(
        type="aws:ecr/lifecyclePolicy:LifecyclePolicy",
        inputs=words("repository policy"),
        replaces=words("repository"),
        create=_create_policy,
        settle=_settle_policy,
        read=_read_policy,
        delete=_delete_policy,
    ),
)
