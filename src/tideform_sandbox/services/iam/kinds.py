"""Roles, their policies, and instance profiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.refusal import Refusal
from tideform_sandbox.providers.aws.shapes import lower_camel

_ROLE_MEMBERS = {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"}
_ASKED_OF_ROLE = words("name assumeRolePolicy description maxSessionDuration path permissionsBoundary tags")

_ROLE_TAGS = tagging.Tagger("iam", "RoleName", tag="tag_role", untag="untag_role")
_PROFILE_TAGS = tagging.Tagger("iam", "InstanceProfileName", tag="tag_instance_profile", untag="untag_instance_profile")


def document(policy: Any) -> str:
    """A policy document as the text that IAM wants."""
    import json

    return policy if isinstance(policy, str) else json.dumps(policy)


def _text(policy: Any) -> str:
    return unquote(policy) if isinstance(policy, str) else document(policy)


def _create_role(context: Context, inputs: Inputs) -> str:
    asked = {key: inputs[key] for key in _ASKED_OF_ROLE if inputs.get(key) not in (None, "", {})}
    asked["assumeRolePolicy"] = document(asked["assumeRolePolicy"])
    return str(context.send("iam", "create_role", asked, _ROLE_MEMBERS)["Role"]["RoleName"])


def _settle_role(context: Context, name: str, old: Inputs, new: Inputs) -> None:
    if old:
        _update_role(context, name, old, new)
    _settle_attached(context, name, old.get("managedPolicyArns") or [], new.get("managedPolicyArns") or [])
    _settle_inline(context, name, _inline(old), _inline(new))


def _update_role(context: Context, name: str, old: Inputs, new: Inputs) -> None:
    duration = new.get("maxSessionDuration") or 3600
    context.call(
        "iam", "update_role", RoleName=name, Description=new.get("description", ""), MaxSessionDuration=duration
    )
    trust = document(new["assumeRolePolicy"])
    context.call("iam", "update_assume_role_policy", RoleName=name, PolicyDocument=trust)
    if new.get("permissionsBoundary"):
        boundary = new["permissionsBoundary"]
        context.call("iam", "put_role_permissions_boundary", RoleName=name, PermissionsBoundary=boundary)
    elif old.get("permissionsBoundary"):
        context.call("iam", "delete_role_permissions_boundary", RoleName=name)
    _ROLE_TAGS.settle(context, name, old, new)


def _settle_attached(context: Context, role: str, old: list[str], new: list[str]) -> None:
    for policy in (each for each in old if each not in new):
        context.call("iam", "detach_role_policy", RoleName=role, PolicyArn=policy)
    for policy in (each for each in new if each not in old):
        context.call("iam", "attach_role_policy", RoleName=role, PolicyArn=policy)


def _settle_inline(context: Context, role: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
    for name in (each for each in old if each not in new):
        context.call("iam", "delete_role_policy", RoleName=role, PolicyName=name)
    for name, policy in new.items():
        context.call("iam", "put_role_policy", RoleName=role, PolicyName=name, PolicyDocument=policy)


def _inline(inputs: Inputs) -> dict[str, str]:
    return {each["name"]: document(each["policy"]) for each in inputs.get("inlinePolicies") or []}


def _read_role(context: Context, name: str, inputs: Inputs) -> Live | None:
    role = context.call("iam", "get_role", RoleName=name)["Role"]
    live: Live = {
        "name": role["RoleName"],
        "arn": role["Arn"],
        "uniqueId": role["RoleId"],
        "createDate": role["CreateDate"].isoformat(),
        "path": role["Path"],
        "description": role.get("Description", ""),
        "maxSessionDuration": role.get("MaxSessionDuration", 3600),
        "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "assumeRolePolicy": _text(role["AssumeRolePolicyDocument"]),
        "tags": tagging.as_tags(role.get("Tags", [])),
    }
    if "managedPolicyArns" in inputs:  # without it, attachments are resources of their own
        attached = context.call("iam", "list_attached_role_policies", RoleName=name)["AttachedPolicies"]
        live["managedPolicyArns"] = [each["PolicyArn"] for each in attached]
    if "inlinePolicies" in inputs:
        names = context.call("iam", "list_role_policies", RoleName=name)["PolicyNames"]
        live["inlinePolicies"] = [{"name": each, "policy": _role_policy(context, name, each)} for each in names]
    return live


def _role_policy(context: Context, role: str, name: str) -> str:
    return _text(context.call("iam", "get_role_policy", RoleName=role, PolicyName=name)["PolicyDocument"])


def _delete_role(context: Context, name: str, state: State) -> None:
    """A role goes only without policies: the ones that it holds itself go with it, and all if it says so."""
    everything = bool(state.get("forceDetachPolicies"))
    attached = context.call("iam", "list_attached_role_policies", RoleName=name)["AttachedPolicies"]
    own = state.get("managedPolicyArns") or []
    _settle_attached(context, name, [p["PolicyArn"] for p in attached if everything or p["PolicyArn"] in own], [])
    names = context.call("iam", "list_role_policies", RoleName=name)["PolicyNames"]
    _settle_inline(context, name, {each: "" for each in names if everything or each in _inline(state)}, {})
    context.call("iam", "delete_role", RoleName=name)


ROLE = Kind(
    type="aws:iam/role:Role",
    inputs=_ASKED_OF_ROLE | words("forceDetachPolicies managedPolicyArns inlinePolicies"),
    computed=words("arn createDate tagsAll uniqueId"),
    replaces=words("name path"),
    defaults={"path": "/", "maxSessionDuration": 3600},
    name="name",
    create=_create_role,
    settle=_settle_role,
    read=_read_role,
    delete=_delete_role,
)


def _create_role_policy(context: Context, inputs: Inputs) -> str:
    """IAM would write over a policy of that name; the provider does not adopt, so it looks first."""
    role, name = inputs["role"], inputs["name"]
    if name in context.call("iam", "list_role_policies", RoleName=role)["PolicyNames"]:
        raise Refusal("EntityAlreadyExists", f"role {role} has an inline policy named {name} already")
    context.call("iam", "put_role_policy", RoleName=role, PolicyName=name, PolicyDocument=document(inputs["policy"]))
    return f"{role}:{name}"


def _settle_role_policy(context: Context, _identity: str, old: Inputs, new: Inputs) -> None:
    if old:
        _settle_inline(context, new["role"], {}, {new["name"]: document(new["policy"])})


def _read_role_policy(context: Context, identity: str, _inputs: Inputs) -> Live | None:
    role, _, name = identity.partition(":")
    return {"role": role, "name": name, "policy": _role_policy(context, role, name)}


def _delete_role_policy(context: Context, identity: str, _state: State) -> None:
    role, _, name = identity.partition(":")
    context.call("iam", "delete_role_policy", RoleName=role, PolicyName=name)


ROLE_POLICY = Kind(
    type="aws:iam/rolePolicy:RolePolicy",
    inputs=words("name role policy"),
    replaces=words("name role"),
    name="name",
    create=_create_role_policy,
    settle=_settle_role_policy,
    read=_read_role_policy,
    delete=_delete_role_policy,
)


def _create_attachment(context: Context, inputs: Inputs) -> str:
    """IAM takes a second attachment for success; the provider does not adopt, so it looks first."""
    identity = f"{inputs['role']}/{inputs['policyArn']}"
    if _read_attachment(context, identity, inputs) is not None:
        raise Refusal("EntityAlreadyExists", f"{inputs['policyArn']} is attached to role {inputs['role']} already")
    _settle_attached(context, inputs["role"], [], [inputs["policyArn"]])
    return identity


def _read_attachment(context: Context, identity: str, _inputs: Inputs) -> Live | None:
    role, _, policy = identity.partition("/")
    attached = context.call("iam", "list_attached_role_policies", RoleName=role)["AttachedPolicies"]
    return {"role": role, "policyArn": policy} if policy in [each["PolicyArn"] for each in attached] else None


def _delete_attachment(context: Context, identity: str, _state: State) -> None:
    role, _, policy = identity.partition("/")
    _settle_attached(context, role, [policy], [])


ROLE_POLICY_ATTACHMENT = Kind(
    type="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    inputs=words("role policyArn"),
    replaces=words("role policyArn"),
    create=_create_attachment,
    read=_read_attachment,
    delete=_delete_attachment,
)


def _create_profile(context: Context, inputs: Inputs) -> str:
    asked = {key: inputs[key] for key in ("name", "path", "tags") if inputs.get(key)}
    made = context.send("iam", "create_instance_profile", asked, {"name": "InstanceProfileName"})
    return str(made["InstanceProfile"]["InstanceProfileName"])


def _settle_profile(context: Context, name: str, old: Inputs, new: Inputs) -> None:
    if old.get("role") and old["role"] != new.get("role"):
        role = old["role"]
        context.call("iam", "remove_role_from_instance_profile", InstanceProfileName=name, RoleName=role)
    if new.get("role") and old.get("role") != new["role"]:
        context.call("iam", "add_role_to_instance_profile", InstanceProfileName=name, RoleName=new["role"])
    _PROFILE_TAGS.settle(context, name, old, new)


def _read_profile(context: Context, name: str, _inputs: Inputs) -> Live | None:
    found = context.call("iam", "get_instance_profile", InstanceProfileName=name)["InstanceProfile"]
    roles = [each["RoleName"] for each in found.get("Roles", [])]
    told = {lower_camel(member): found[member] for member in ("Arn", "Path")}
    return {
        **told,
        "name": found["InstanceProfileName"],
        "uniqueId": found["InstanceProfileId"],
        "createDate": found["CreateDate"].isoformat(),
        "role": roles[0] if roles else None,
        "tags": tagging.as_tags(found.get("Tags", [])),
    }


def _delete_profile(context: Context, name: str, state: State) -> None:
    _settle_profile(context, name, {"role": state.get("role")}, {})
    context.call("iam", "delete_instance_profile", InstanceProfileName=name)


INSTANCE_PROFILE = Kind(
    type="aws:iam/instanceProfile:InstanceProfile",
    inputs=words("name path role tags"),
    computed=words("arn createDate tagsAll uniqueId"),
    replaces=words("name path"),
    defaults={"path": "/"},
    name="name",
    create=_create_profile,
    settle=_settle_profile,
    read=_read_profile,
    delete=_delete_profile,
)

KINDS = (ROLE, ROLE_POLICY, ROLE_POLICY_ATTACHMENT, INSTANCE_PROFILE)
