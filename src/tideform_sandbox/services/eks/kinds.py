"""EKS clusters, node groups, add-ons, access entries and pod identities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.shapes import from_api
from tideform_sandbox.providers.aws.tagging import Tagger

_TAGGER = Tagger("eks", "resourceArn", tags="tags", keys="tagKeys", as_map=True)
_NETWORK = {
    "subnetIds": "subnetIds",
    "securityGroupIds": "securityGroupIds",
    "endpointPrivateAccess": "endpointPrivateAccess",
    "endpointPublicAccess": "endpointPublicAccess",
    "publicAccessCidrs": "publicAccessCidrs",
}


def _create_cluster(context: Context, inputs: Inputs) -> str:
    logs = inputs.get("enabledClusterLogTypes") or []
    encryption = inputs.get("encryptionConfig")
    key = (encryption or {}).get("provider", {}).get("keyArn")
    members: dict[str, Any] = {
        "name": inputs["name"],
        "roleArn": inputs["roleArn"],
        "resourcesVpcConfig": _network(inputs),
        "logging": {"clusterLogging": [{"types": logs, "enabled": True}]} if logs else None,
        "encryptionConfig": [{"resources": encryption["resources"], "provider": {"keyArn": key}}]
        if encryption
        else None,
        "accessConfig": inputs.get("accessConfig"),
        "bootstrapSelfManagedAddons": inputs.get("bootstrapSelfManagedAddons"),
        "version": inputs.get("version"),
        "tags": inputs.get("tags"),
    }
    context.call("eks", "create_cluster", **_given(members))
    return str(inputs["name"])


def _settle_cluster(context: Context, name: str, old: Inputs, new: Inputs) -> None:
    if not old:
        return
    if old.get("version") != new.get("version") and new.get("version"):
        context.call("eks", "update_cluster_version", name=name, version=new["version"])
    if old.get("vpcConfig") != new.get("vpcConfig"):
        context.call("eks", "update_cluster_config", name=name, resourcesVpcConfig=_network(new))
    if old.get("enabledClusterLogTypes") != new.get("enabledClusterLogTypes"):
        logging = {"clusterLogging": [{"types": new.get("enabledClusterLogTypes") or [], "enabled": True}]}
        context.call("eks", "update_cluster_config", name=name, logging=logging)
    _TAGGER.settle(context, context.call("eks", "describe_cluster", name=name)["cluster"]["arn"], old, new)


def _read_cluster(context: Context, name: str, _inputs: Inputs) -> Live | None:
    found = context.call("eks", "describe_cluster", name=name)["cluster"]
    network = found["resourcesVpcConfig"]
    live: Live = {
        "name": found["name"],
        "arn": found["arn"],
        "version": found.get("version"),
        "roleArn": found.get("roleArn"),
        "endpoint": found.get("endpoint"),
        "status": found["status"],
        "certificateAuthority": found.get("certificateAuthority"),
        "vpcConfig": {key: network[member] for key, member in _NETWORK.items() if member in network},
        "enabledClusterLogTypes": [
            kind
            for each in found.get("logging", {}).get("clusterLogging", ())
            if each.get("enabled")
            for kind in each["types"]
        ],
        "tags": found.get("tags") or {},
    }
    if access := found.get("accessConfig"):
        live["accessConfig"] = access
    if encryption := found.get("encryptionConfig"):
        live["encryptionConfig"] = encryption[0]
    return live


def _delete_cluster(context: Context, name: str, _state: State) -> None:
    context.call("eks", "delete_cluster", name=name)


def _network(inputs: Inputs) -> dict[str, Any]:
    config = inputs.get("vpcConfig") or {}
    return {member: config[key] for key, member in _NETWORK.items() if config.get(key) is not None}


_CLUSTER = Kind(
    type="aws:eks/cluster:Cluster",
    inputs=words(
        "name version roleArn vpcConfig enabledClusterLogTypes encryptionConfig accessConfig "
        "bootstrapSelfManagedAddons tags"
    ),
    stored_only=words("upgradePolicy deletionProtection"),
    computed=words("arn endpoint status certificateAuthority tagsAll"),
    replaces=words("name roleArn encryptionConfig bootstrapSelfManagedAddons"),
    name="name",
    create=_create_cluster,
    settle=_settle_cluster,
    read=_read_cluster,
    delete=_delete_cluster,
)

_GROUP_NAMES = {"nodeGroupName": "nodegroupName", "nodeRoleArn": "nodeRole", "subnetIds": "subnets"}
_GROUP = words(
    "clusterName nodeGroupName nodeRoleArn subnetIds instanceTypes amiType capacityType diskSize scalingConfig labels "
    "tags version releaseVersion"
)


def _create_group(context: Context, inputs: Inputs) -> str:
    asked = {key: value for key, value in inputs.items() if key in _GROUP}
    context.send("eks", "create_nodegroup", asked, _GROUP_NAMES)
    return f"{inputs['clusterName']}:{inputs['nodeGroupName']}"


def _settle_group(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
    if not old:
        return
    changed = {key: new[key] for key in ("scalingConfig",) if new.get(key) != old.get(key) and key in new}
    if changed:
        context.call("eks", "update_nodegroup_config", **_group(identity), **changed)
    found = context.call("eks", "describe_nodegroup", **_group(identity))["nodegroup"]
    _TAGGER.settle(context, found["nodegroupArn"], old, new)


def _read_group(context: Context, identity: str, inputs: Inputs) -> Live | None:
    found = context.call("eks", "describe_nodegroup", **_group(identity))["nodegroup"]
    told = from_api(found, _GROUP_NAMES, inputs)
    return {
        **{key: told[key] for key in _GROUP if told.get(key) is not None},
        "tags": found.get("tags") or {},
        "labels": found.get("labels") or {},
        "arn": found["nodegroupArn"],
        "status": found["status"],
    }


def _delete_group(context: Context, identity: str, _state: State) -> None:
    context.call("eks", "delete_nodegroup", **_group(identity))


def _group(identity: str) -> dict[str, str]:
    cluster, _, name = identity.partition(":")
    return {"clusterName": cluster, "nodegroupName": name}


_NODE_GROUP = Kind(
    type="aws:eks/nodeGroup:NodeGroup",
    inputs=_GROUP,
    computed=words("arn status tagsAll"),
    replaces=_GROUP - words("scalingConfig labels tags version releaseVersion"),
    create=_create_group,
    settle=_settle_group,
    read=_read_group,
    delete=_delete_group,
)


def _part(noun: str, answer: str, key: str, arn: str, asked: frozenset[str], names: Mapping[str, str]) -> Kind:
    """What belongs to a cluster and is one document: created, described, updated and deleted as such.

    One that EKS numbers has its number alone as its id, as in the vendor's state, and is imported by ``CLUSTER,ID``.
    """
    member, numbered = names.get(key, key), key not in asked

    def at(identity: str, inputs: Mapping[str, Any]) -> dict[str, str]:
        if numbered and inputs:
            return {"clusterName": inputs["clusterName"], member: identity}
        cluster, _, name = identity.partition("," if numbered else ":")
        return {"clusterName": cluster, member: name}

    def create(context: Context, inputs: Inputs) -> str:
        given = {name: value for name, value in inputs.items() if name in asked}
        made = context.send("eks", f"create_{noun}", given, names)[answer]
        return str(made[member]) if numbered else f"{inputs['clusterName']}:{made[member]}"

    def settle(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
        if not old:
            return
        fixed = words("tags clusterName") | fixed_inputs
        changed = {name: new[name] for name in asked - fixed if name in new and new[name] != old.get(name)}
        if changed:
            context.send("eks", f"update_{noun}", changed, names, **at(identity, new))
        found = context.call("eks", f"describe_{noun}", **at(identity, new))[answer]
        _TAGGER.settle(context, found[arn], old, new)

    def read(context: Context, identity: str, inputs: Inputs) -> Live | None:
        found = context.call("eks", f"describe_{noun}", **at(identity, inputs))[answer]
        told = from_api(found, names, inputs)
        known = {name: told[name] for name in asked | {key} if told.get(name) is not None}
        return {**known, "tags": found.get("tags") or {}, arn: found[arn]}

    def delete(context: Context, identity: str, state: State) -> None:
        context.call("eks", f"delete_{noun}", **at(identity, state))

    fixed_inputs = words("addonName principalArn type namespace serviceAccount")
    token = "".join(word.capitalize() for word in noun.split("_"))
    return Kind(
        type=f"aws:eks/{token[0].lower()}{token[1:]}:{token}",
        inputs=asked,
        computed=frozenset({arn, "tagsAll", *(() if key in asked else (key,))}),
        replaces=(fixed_inputs | {"clusterName"}) & asked,
        create=create,
        settle=settle,
        read=read,
        delete=delete,
    )


def _given(members: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value is not None}


_ADDON = words("clusterName addonName addonVersion configurationValues serviceAccountRoleArn tags")
_ENTRY = words("clusterName principalArn kubernetesGroups type userName tags")
_IDENTITY = words("clusterName namespace serviceAccount roleArn disableSessionTags targetRoleArn tags")

KINDS = (
    _CLUSTER,
    _NODE_GROUP,
    _part("addon", "addon", "addonName", "addonArn", _ADDON, {}),
    _part("access_entry", "accessEntry", "principalArn", "accessEntryArn", _ENTRY, {"userName": "username"}),
    _part("pod_identity_association", "association", "associationId", "associationArn", _IDENTITY, {}),
)
