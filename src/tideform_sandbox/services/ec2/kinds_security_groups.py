"""Security groups and their rules, each rule a resource of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.refusal import Refusal
from tideform_sandbox.services.ec2.tags import arn, live_tags, only, retag, tagged

_MANAGED = "Managed by Pulumi"  # the vendor's description where a program gives none
_INGRESS, _EGRESS = "ingress", "egress"


def _refuse_inline(inputs: Inputs) -> None:
    if inputs.get(_INGRESS) or inputs.get(_EGRESS):
        message = "rules inside of a security group are not emulated: use vpc.SecurityGroup{In,E}gressRule"
        raise Refusal("TD503", message)


def _create_group(context: Context, inputs: Inputs) -> str:
    _refuse_inline(inputs)
    made = context.call(
        "ec2",
        "create_security_group",
        GroupName=inputs["name"],
        Description=inputs.get("description", _MANAGED),
        **({"VpcId": inputs["vpcId"]} if inputs.get("vpcId") else {}),
        **tagged("security-group", inputs),
    )
    return str(made["GroupId"])


def _settle_group(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
    _refuse_inline(new)
    if not old:  # AWS lets everything out of a new group; the vendor takes that rule away, and so must we
        _revoke_all(context, identity)
    elif old.get(_INGRESS) or old.get(_EGRESS):
        _revoke_foreign(context, identity)
    retag(context, identity, old, new)


def _revoke_all(context: Context, identity: str) -> None:
    group = only(context, "describe_security_groups", "SecurityGroups", GroupIds=[identity]) or {}
    if outward := group.get("IpPermissionsEgress"):
        context.call("ec2", "revoke_security_group_egress", GroupId=identity, IpPermissions=outward)
    if inward := group.get("IpPermissions"):
        context.call("ec2", "revoke_security_group_ingress", GroupId=identity, IpPermissions=inward)


def _revoke_foreign(context: Context, identity: str) -> None:
    group = only(context, "describe_security_groups", "SecurityGroups", GroupIds=[identity]) or {}
    for way, rules in _foreign_rules(context, group).items():
        ids = [rule["SecurityGroupRuleId"] for rule in rules]
        if ids:
            context.call("ec2", f"revoke_security_group_{way}", GroupId=identity, SecurityGroupRuleIds=ids)


def _read_group(context: Context, identity: str, _inputs: Inputs) -> Live | None:
    group = only(context, "describe_security_groups", "SecurityGroups", GroupIds=[identity])
    if group is None:
        return None
    return {
        "arn": arn(context, "security-group", identity),
        "name": group["GroupName"],
        "description": group["Description"],
        "ownerId": group["OwnerId"],
        "vpcId": group["VpcId"],
        "tags": live_tags(group),
        **{way: [_inline(rule) for rule in rules] for way, rules in _foreign_rules(context, group).items()},
    }


def _foreign_rules(context: Context, group: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Rules that somebody else put into the group: those that share no tag with it.

    A rule of ours is a resource of its own and carries the tags of its program, as the group does. Of a group without
    tags nothing can be told.
    """
    tags = live_tags(group).items()
    if not tags:
        return {}
    members = {"Filters": [{"Name": "group-id", "Values": [group["GroupId"]]}]}
    found = context.call("ec2", "describe_security_group_rules", **members)["SecurityGroupRules"]
    foreign = [rule for rule in found if not tags & live_tags(rule).items()]
    ways = {_INGRESS: False, _EGRESS: True}
    return {way: [rule for rule in foreign if rule["IsEgress"] is out] for way, out in ways.items()}


def _inline(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule as the vendor writes it inside of a group."""
    sources = {
        "cidrBlocks": rule.get("CidrIpv4"),
        "ipv6CidrBlocks": rule.get("CidrIpv6"),
        "prefixListIds": rule.get("PrefixListId"),
        "securityGroups": rule.get("ReferencedGroupInfo", {}).get("GroupId"),
    }
    ports = {"fromPort": max(rule.get("FromPort", 0), 0), "toPort": max(rule.get("ToPort", 0), 0)}
    return {"protocol": rule["IpProtocol"], **ports, **{key: [each] for key, each in sources.items() if each}}


def _delete_group(context: Context, identity: str, state: State) -> None:
    if state.get("revokeRulesOnDelete"):
        _revoke_all(context, identity)
    context.call("ec2", "delete_security_group", GroupId=identity)


_GROUP = Kind(
    type="aws:ec2/securityGroup:SecurityGroup",
    inputs=words("name description vpcId revokeRulesOnDelete ingress egress tags"),
    computed=words("arn ownerId tagsAll"),
    replaces=words("name description vpcId"),
    defaults={"description": _MANAGED},
    name="name",
    create=_create_group,
    settle=_settle_group,
    read=_read_group,
    delete=_delete_group,
)


def _adopt_default(context: Context, inputs: Inputs) -> str:
    """The default group exists already: the vendor takes it over, and empties it of its rules."""
    filters = [{"Name": "group-name", "Values": ["default"]}]
    if inputs.get("vpcId"):
        filters.append({"Name": "vpc-id", "Values": [inputs["vpcId"]]})
    group = only(context, "describe_security_groups", "SecurityGroups", Filters=filters)
    if group is None:
        raise Refusal("InvalidGroup.NotFound", f"VPC {inputs.get('vpcId')} has no default security group")
    return str(group["GroupId"])


def _settle_default(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
    _refuse_inline(new)
    _revoke_all(context, identity)
    retag(context, identity, old or {"tags": {}}, new)


def _read_default(context: Context, identity: str, inputs: Inputs) -> Live | None:
    """Rules that somebody put back are a change."""
    live = _read_group(context, identity, inputs)
    group = only(context, "describe_security_groups", "SecurityGroups", GroupIds=[identity]) or {}
    rules = {_INGRESS: group.get("IpPermissions", []), _EGRESS: group.get("IpPermissionsEgress", [])}
    return None if live is None else {**live, **{way: [_block(r) for r in each] for way, each in rules.items()}}


def _block(permission: dict[str, Any]) -> dict[str, Any]:
    groups = [pair["GroupId"] for pair in permission.get("UserIdGroupPairs", [])]
    cidrs = [each["CidrIp"] for each in permission.get("IpRanges", [])]
    ports = {"fromPort": permission.get("FromPort", 0), "toPort": permission.get("ToPort", 0)}
    return {"protocol": permission["IpProtocol"], **ports, "cidrBlocks": cidrs, "securityGroups": groups}


def _keep_default(context: Context, identity: str, state: State) -> None:
    """It cannot be deleted; it goes with its VPC. The tags that we gave it go now."""
    retag(context, identity, state, {})


_DEFAULT_GROUP = Kind(
    type="aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    inputs=words("vpcId ingress egress tags"),
    stored_only=words("revokeRulesOnDelete"),
    computed=words("arn description name ownerId tagsAll"),
    replaces=words("vpcId"),
    create=_adopt_default,
    settle=_settle_default,
    read=_read_default,
    delete=_keep_default,
)


@dataclass(frozen=True)
class _Direction:
    """Ingress or egress: the same thing with other words."""

    name: str

    def create(self, context: Context, inputs: Inputs) -> str:
        made = context.call(
            "ec2",
            f"authorize_security_group_{self.name}",
            GroupId=inputs["securityGroupId"],
            IpPermissions=[_permission(inputs)],
            **tagged("security-group-rule", inputs),
        )
        return str(made["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def settle(self, context: Context, identity: str, old: Inputs, new: Inputs) -> None:
        if old and {**old, "tags": None} != {**new, "tags": None}:
            rule = {"SecurityGroupRuleId": identity, "SecurityGroupRule": _rule(new)}
            group = new["securityGroupId"]
            context.call("ec2", "modify_security_group_rules", GroupId=group, SecurityGroupRules=[rule])
        retag(context, identity, old, new)

    def delete(self, context: Context, identity: str, state: State) -> None:
        operation = f"revoke_security_group_{self.name}"
        context.call("ec2", operation, GroupId=state["securityGroupId"], SecurityGroupRuleIds=[identity])


def _permission(inputs: Inputs) -> dict[str, Any]:
    said = {"Description": inputs["description"]} if inputs.get("description") else {}
    places = {
        "IpRanges": ("cidrIpv4", "CidrIp"),
        "Ipv6Ranges": ("cidrIpv6", "CidrIpv6"),
        "PrefixListIds": ("prefixListId", "PrefixListId"),
        "UserIdGroupPairs": ("referencedSecurityGroupId", "GroupId"),
    }
    sources = {member: [{name: inputs[key], **said}] for member, (key, name) in places.items() if inputs.get(key)}
    return {"IpProtocol": _protocol(inputs), **_ports(inputs), **sources}


def _protocol(inputs: Inputs) -> str:
    protocol = str(inputs["ipProtocol"]).lower()
    return "-1" if protocol == "all" else protocol


def _ports(inputs: Inputs) -> dict[str, int]:
    pairs = (("FromPort", "fromPort"), ("ToPort", "toPort"))
    return {member: int(inputs[key]) for member, key in pairs if inputs.get(key) is not None}


def _rule(inputs: Inputs) -> dict[str, Any]:
    names = {
        "cidrIpv4": "CidrIpv4",
        "cidrIpv6": "CidrIpv6",
        "prefixListId": "PrefixListId",
        "referencedSecurityGroupId": "ReferencedGroupId",
        "description": "Description",
    }
    told = {member: inputs[key] for key, member in names.items() if inputs.get(key)}
    return {"IpProtocol": _protocol(inputs), **_ports(inputs), **told}


def _read_rule(context: Context, identity: str, _inputs: Inputs) -> Live | None:
    rule = only(context, "describe_security_group_rules", "SecurityGroupRules", SecurityGroupRuleIds=[identity])
    if rule is None:
        return None
    everything = rule["IpProtocol"] == "-1"
    return {
        "arn": arn(context, "security-group-rule", identity),
        "securityGroupRuleId": identity,
        "securityGroupId": rule["GroupId"],
        "ipProtocol": rule["IpProtocol"],
        "fromPort": None if everything else rule.get("FromPort"),
        "toPort": None if everything else rule.get("ToPort"),
        "cidrIpv4": rule.get("CidrIpv4"),
        "cidrIpv6": rule.get("CidrIpv6"),
        "prefixListId": rule.get("PrefixListId"),
        "referencedSecurityGroupId": rule.get("ReferencedGroupInfo", {}).get("GroupId"),
        "description": rule.get("Description"),
        "tags": live_tags(rule),
    }


def _rule_kind(token: str, direction: _Direction) -> Kind:
    return Kind(
        type=token,
        inputs=words(
            "securityGroupId ipProtocol fromPort toPort cidrIpv4 cidrIpv6 prefixListId "
            "referencedSecurityGroupId description tags"
        ),
        computed=words("arn securityGroupRuleId tagsAll"),
        replaces=words("securityGroupId"),
        create=direction.create,
        settle=direction.settle,
        read=_read_rule,
        delete=direction.delete,
    )


KINDS = (
    _GROUP,
    _DEFAULT_GROUP,
    _rule_kind("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", _Direction(_INGRESS)),
    _rule_kind("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", _Direction(_EGRESS)),
)
