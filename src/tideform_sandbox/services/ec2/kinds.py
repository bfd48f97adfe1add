"""VPC endpoints, launch templates and flow logs."""

from __future__ import annotations

from typing import Any

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.refusal import Refusal
from tideform_sandbox.providers.aws.shapes import from_api
from tideform_sandbox.services.ec2.tags import arn, live_tags, only, retag, tagged

_ENDPOINT_ASKED = words(
    "vpcId serviceName vpcEndpointType policy routeTableIds subnetIds securityGroupIds privateDnsEnabled ipAddressType"
)
_ENDPOINT_LISTS = ("routeTableIds", "subnetIds", "securityGroupIds")


def _create_endpoint(context: Context, inputs: Inputs) -> str:
    asked = {key: inputs[key] for key in _ENDPOINT_ASKED if inputs.get(key) not in (None, "", [])}
    names = {"policy": "PolicyDocument"}
    made = context.send("ec2", "create_vpc_endpoint", asked, names, **tagged("vpc-endpoint", inputs))
    return str(made["VpcEndpoint"]["VpcEndpointId"])


def _settle_endpoint(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
    if not old:
        return
    members: dict[str, Any] = {}
    for key in _ENDPOINT_LISTS:
        before, after = old.get(key) or [], new.get(key) or []
        name = key[0].upper() + key[1:]
        changes = {f"Add{name}": set(after) - set(before), f"Remove{name}": set(before) - set(after)}
        members |= {member: sorted(ids) for member, ids in changes.items() if ids}
    if new.get("policy") != old.get("policy") and new.get("policy"):
        members["PolicyDocument"] = new["policy"]
    if bool(new.get("privateDnsEnabled")) != bool(old.get("privateDnsEnabled")):
        members["PrivateDnsEnabled"] = bool(new.get("privateDnsEnabled"))
    if members:
        context.call("ec2", "modify_vpc_endpoint", VpcEndpointId=identity, **members)
    retag(context, identity, old, new)


def _read_endpoint(context: Context, identity: str, _inputs: Inputs) -> Live | None:
    found = only(context, "describe_vpc_endpoints", "VpcEndpoints", VpcEndpointIds=[identity])
    if found is None or found["State"] == "deleted":
        return None
    groups = found.get("Groups", [])
    return {
        "arn": arn(context, "vpc-endpoint", identity),
        "ownerId": context.account,
        "vpcId": found["VpcId"],
        "serviceName": found["ServiceName"],
        "vpcEndpointType": found["VpcEndpointType"],
        "policy": found.get("PolicyDocument"),
        "privateDnsEnabled": bool(found.get("PrivateDnsEnabled")),
        "routeTableIds": found.get("RouteTableIds", []),
        "subnetIds": found.get("SubnetIds", []),
        "securityGroupIds": [each["GroupId"] for each in groups],
        "networkInterfaceIds": found.get("NetworkInterfaceIds", []),
        "dnsEntries": from_api(found.get("DnsEntries", [])),
        "state": found["State"],
        "tags": live_tags(found),
        **_prefix_list(context, found),
    }


def _prefix_list(context: Context, endpoint: Live) -> Live:
    """A gateway endpoint is reached through a prefix list, which rules of security groups name."""
    if endpoint["VpcEndpointType"] != "Gateway":
        return {}
    lists = context.call("ec2", "describe_managed_prefix_lists")["PrefixLists"]
    found = next(each for each in lists if each["PrefixListName"] == endpoint["ServiceName"])
    return {"prefixListId": found["PrefixListId"]}


def _delete_endpoint(context: Context, identity: str, _state: State) -> None:
    context.call("ec2", "delete_vpc_endpoints", VpcEndpointIds=[identity])


_VPC_ENDPOINT = Kind(
    type="aws:ec2/vpcEndpoint:VpcEndpoint",
    inputs=_ENDPOINT_ASKED | words("tags"),
    stored_only=words("autoAccept dnsOptions serviceRegion"),
    computed=words("arn dnsEntries networkInterfaceIds ownerId policy prefixListId state tagsAll"),
    replaces=words("vpcId serviceName vpcEndpointType"),
    defaults={"vpcEndpointType": "Gateway"},
    create=_create_endpoint,
    settle=_settle_endpoint,
    read=_read_endpoint,
    delete=_delete_endpoint,
)

_TEMPLATE_DATA = words(
    "blockDeviceMappings capacityReservationSpecification cpuOptions creditSpecification disableApiStop "
    "disableApiTermination ebsOptimized enclaveOptions hibernationOptions iamInstanceProfile imageId "
    "instanceInitiatedShutdownBehavior instanceMarketOptions instanceRequirements instanceType kernelId keyName "
    "maintenanceOptions metadataOptions monitoring networkInterfaces placement privateDnsNameOptions "
    "ramDiskId securityGroupNames tagSpecifications userData vpcSecurityGroupIds"
)
_TEMPLATE_NAMES = {
    "vpcSecurityGroupIds": "SecurityGroupIds",
    "securityGroupNames": "SecurityGroups",
    "securityGroups": "Groups",
}


def _template_data(context: Context, inputs: Inputs) -> dict[str, Any]:
    data = {key: inputs[key] for key in _TEMPLATE_DATA if inputs.get(key) not in (None, "", [])}
    carried = context.carried("ec2", "create_launch_template", {"launchTemplateData": data}, _TEMPLATE_NAMES)
    return {"LaunchTemplateData": carried["LaunchTemplateData"]}


def _create_template(context: Context, inputs: Inputs) -> str:
    said = {"VersionDescription": inputs["description"]} if inputs.get("description") else {}
    made = context.call(
        "ec2",
        "create_launch_template",
        LaunchTemplateName=inputs["name"],
        **_template_data(context, inputs),
        **tagged("launch-template", inputs),
        **said,
    )
    return str(made["LaunchTemplate"]["LaunchTemplateId"])


def _settle_template(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
    """A template never changes: a new version is added, and made the default one if the program says so."""
    if not old:
        return
    version = new.get("defaultVersion")
    if any(old.get(key) != new.get(key) for key in _TEMPLATE_DATA | {"description"}):
        said = {"VersionDescription": new["description"]} if new.get("description") else {}
        data = _template_data(context, new)
        made = context.call("ec2", "create_launch_template_version", LaunchTemplateId=identity, **data, **said)
        if new.get("updateDefaultVersion"):
            version = made["LaunchTemplateVersion"]["VersionNumber"]
    if version is not None:
        context.call("ec2", "modify_launch_template", LaunchTemplateId=identity, DefaultVersion=str(version))
    retag(context, identity, old, new)


def _read_template(context: Context, identity: str, inputs: Inputs) -> Live | None:
    found = only(context, "describe_launch_templates", "LaunchTemplates", LaunchTemplateIds=[identity])
    if found is None:
        return None
    latest = str(found["LatestVersionNumber"])
    versions = {"LaunchTemplateId": identity, "Versions": [latest]}
    version = only(context, "describe_launch_template_versions", "LaunchTemplateVersions", **versions) or {}
    data: Live = from_api(_own_data(version), _TEMPLATE_NAMES, inputs)
    return {
        **{key: data.get(key) for key in _TEMPLATE_DATA},
        "arn": arn(context, "launch-template", identity),
        "name": found["LaunchTemplateName"],
        "defaultVersion": found["DefaultVersionNumber"],
        "latestVersion": found["LatestVersionNumber"],
        "description": version.get("VersionDescription", ""),
        "tags": _listed_tags(context, identity),
    }


def _own_data(version: dict[str, Any]) -> dict[str, Any]:
    """A version's data; moto counts the tags of the template itself among those of what it launches."""
    data = dict(version.get("LaunchTemplateData", {}))
    launched = [s for s in data.get("TagSpecifications", []) if s["ResourceType"] != "launch-template"]
    return {**data, "TagSpecifications": launched}


def _listed_tags(context: Context, identity: str) -> dict[str, str]:
    """moto describes a launch template with its first tags for ever; the list of tags is up to date."""
    filters = [{"Name": "resource-id", "Values": [identity]}]
    return tagging.as_tags(context.pages("ec2", "describe_tags", "Tags", Filters=filters))


def _delete_template(context: Context, identity: str, _state: State) -> None:
    context.call("ec2", "delete_launch_template", LaunchTemplateId=identity)


_LAUNCH_TEMPLATE = Kind(
    type="aws:ec2/launchTemplate:LaunchTemplate",
    inputs=_TEMPLATE_DATA | words("name description defaultVersion updateDefaultVersion tags"),
    computed=words("arn defaultVersion latestVersion tagsAll"),
    volatile=words("latestVersion defaultVersion"),
    replaces=words("name"),
    name="name",
    create=_create_template,
    settle=_settle_template,
    read=_read_template,
    delete=_delete_template,
)

_WATCHED = {"vpcId": "VPC", "subnetId": "Subnet", "eniId": "NetworkInterface"}
_FLOW_ASKED = words("trafficType logDestination logDestinationType logFormat maxAggregationInterval iamRoleArn")
_FLOW_NAMES = {"iamRoleArn": "DeliverLogsPermissionArn"}


def _create_flow_log(context: Context, inputs: Inputs) -> str:
    key = next(key for key in _WATCHED if inputs.get(key))
    asked = {name: inputs[name] for name in _FLOW_ASKED if inputs.get(name)}
    made = context.send(
        "ec2",
        "create_flow_logs",
        asked,
        _FLOW_NAMES,
        ResourceIds=[inputs[key]],
        ResourceType=_WATCHED[key],
        **tagged("vpc-flow-log", inputs),
    )
    for failure in made.get("Unsuccessful", []):
        raise Refusal(failure["Error"]["Code"], failure["Error"]["Message"])
    return str(made["FlowLogIds"][0])


def _read_flow_log(context: Context, identity: str, inputs: Inputs) -> Live | None:
    found = only(context, "describe_flow_logs", "FlowLogs", FlowLogIds=[identity])
    if found is None:
        return None
    key = next((key for key in _WATCHED if inputs.get(key)), "vpcId")
    told = {name: from_api(found, _FLOW_NAMES, inputs).get(name) for name in _FLOW_ASKED}
    return {
        **told,
        key: found["ResourceId"],
        "arn": arn(context, "vpc-flow-log", identity),
        "tags": live_tags(found),
    }


def _delete_flow_log(context: Context, identity: str, _state: State) -> None:
    context.call("ec2", "delete_flow_logs", FlowLogIds=[identity])


_FLOW_LOG = Kind(
    type="aws:ec2/flowLog:FlowLog",
    inputs=_FLOW_ASKED | frozenset(_WATCHED) | {"tags"},
    stored_only=words("destinationOptions deliverCrossAccountRole"),
    computed=words("arn logFormat tagsAll"),
    replaces=_FLOW_ASKED | frozenset(_WATCHED),
    defaults={"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600},
    create=_create_flow_log,
    settle=retag,
    read=_read_flow_log,
    delete=_delete_flow_log,
)

KINDS = (_VPC_ENDPOINT, _LAUNCH_TEMPLATE, _FLOW_LOG)
