"""Under which id something that was being created would stand, by its type and inputs.

Most names are ours to choose, so the id follows from the inputs. What AWS numbers itself is looked up by its parent,
its own attributes and our tags (`lookups`). Ids are those that the vendor's provider keeps in its state, which are not
always those that it imports by: an entry with outputs is read, and not imported. Source: each resource's ``Create``
and ``Read`` in hashicorp/terraform-provider-aws, ``internal/service``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tideform.engine.bootstrap.names import partition
from tideform.engine.recover import lookups
from tideform.errors import EngineError

if TYPE_CHECKING:
    from tideform.cloud import Cloud

Inputs = Mapping[str, Any]
Identify = Callable[["Cloud", Inputs], Iterator[str]]


def identify(cloud: Cloud, token: str, inputs: Inputs, known: Collection[str] = ()) -> str | None:
    """The id under which it stands or would stand; None where it certainly does not exist.

    ``known`` are the ids of that type that the state holds already: what was being made is none of them.
    Raises `EngineError` for a type that the table does not know: forgetting it could leave it behind.
    """
    if token.startswith("kubernetes:"):
        return kubernetes_object(inputs)
    if token not in TABLE:
        raise EngineError.of(
            "TD422",
            "A resource of a crashed run cannot be looked up",
            detail=f"{token} was being created, and no rule says how it is found.",
            fix="Please report the type. Until then look for it by hand, and run `tideform destroy` afterwards.",
        )
    return next((found for found in TABLE[token](cloud, inputs) if found not in known), None)


def standing(resources: Iterable[Mapping[str, Any]], token: str, inputs: Inputs) -> set[str]:
    """The ids of that type in the state that something with these inputs cannot have as well."""
    parent = _PARENTS.get(token)
    others = (r for r in resources if r["type"] == token)
    if parent is not None:
        others = (r for r in others if r.get("inputs", {}).get(parent) == inputs.get(parent))
    return {str(r.get("id", "")) for r in others}


def before_read(token: str, inputs: Inputs, identity: str) -> dict[str, Any]:
    """Outputs with which the provider can read what stands under this id: some read by an output and not by the id."""
    return {**inputs, "id": identity, **dict.fromkeys(_READ_BY.get(token, ()), identity)}


def kubernetes_object(inputs: Inputs) -> str | None:
    """``namespace/name`` of an object, or of a Helm release; None where its name was the API's to give."""
    metadata = inputs.get("metadata") or {"name": inputs.get("name"), "namespace": inputs.get("namespace")}
    if not metadata.get("name"):
        return None
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else str(metadata["name"])


def _named(key: str) -> Identify:
    return lambda _cloud, inputs: iter([str(inputs[key])] if inputs.get(key) else [])


def _within(parent: str, key: str) -> Identify:
    """A name that is one only within its ``parent``, which is asked for first: without it nothing can be told."""

    def look(_cloud: Cloud, inputs: Inputs) -> Iterator[str]:
        if inputs[parent]:
            yield str(inputs[key])

    return look


def _text(template: str) -> Identify:
    """The inputs filled into a template, ``{partition}``, ``{region}`` and ``{account}`` being the cloud's."""
    return lambda cloud, inputs: iter([template.format_map(_Filled(cloud, inputs))])


class _Filled(dict[str, Any]):
    """What a template asks for, looked up when it is asked for: other inputs may not be known yet."""

    def __init__(self, cloud: Cloud, inputs: Inputs) -> None:
        super().__init__(partition=partition(cloud.region), region=cloud.region, account=cloud.account)
        self._inputs = inputs

    def __missing__(self, key: str) -> Any:
        return self._inputs[key]


_ARN = "arn:{{partition}}:{service}:{{region}}:{{account}}:{kind}{{name}}"
_BUCKET_SETTINGS = (
    "bucketVersioning:BucketVersioning",
    "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "bucketPublicAccessBlock:BucketPublicAccessBlock",
    "bucketOwnershipControls:BucketOwnershipControls",
    "bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "bucketPolicy:BucketPolicy",
    "bucketNotification:BucketNotification",
)

# Types whose ids are one only among those with the same value of this input.
_PARENTS = {
    "aws:lambda/permission:Permission": "function",
    "aws:autoscaling/lifecycleHook:LifecycleHook": "autoscalingGroupName",
}
# Outputs that hold the id as well, of types that are read by them.
_READ_BY = {
    "aws:batch/jobQueue:JobQueue": ("arn",),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": ("associationId",),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ("securityGroupRuleId",),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ("securityGroupRuleId",),
}

TABLE: dict[str, Identify] = {
    "aws:s3/bucket:Bucket": _named("bucket"),
    **{f"aws:s3/{kind}": _named("bucket") for kind in _BUCKET_SETTINGS},
    "aws:iam/role:Role": _named("name"),
    "aws:iam/rolePolicy:RolePolicy": _text("{role}:{name}"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _text("{role}/{policyArn}"),
    "aws:iam/policy:Policy": _text("arn:{partition}:iam::{account}:policy/{name}"),
    "aws:iam/instanceProfile:InstanceProfile": _named("name"),
    "aws:kms/alias:Alias": _named("name"),
    "aws:dynamodb/table:Table": _named("name"),
    "aws:cloudwatch/logGroup:LogGroup": _named("name"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _named("name"),
    "aws:cloudwatch/dashboard:Dashboard": _named("dashboardName"),
    "aws:cloudwatch/eventRule:EventRule": _named("name"),
    "aws:cloudwatch/eventTarget:EventTarget": _text("{rule}-{targetId}"),
    "aws:sns/topic:Topic": _text(_ARN.format(service="sns", kind="")),
    "aws:lambda/function:Function": _named("name"),
    "aws:lambda/permission:Permission": _within("function", "statementId"),
    "aws:scheduler/schedule:Schedule": _text("{groupName}/{name}"),
    "aws:sns/topicPolicy:TopicPolicy": _named("arn"),
    "aws:batch/computeEnvironment:ComputeEnvironment": _named("name"),
    "aws:batch/jobQueue:JobQueue": _text(_ARN.format(service="batch", kind="job-queue/")),
    "aws:sagemaker/model:Model": _named("name"),
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": _named("name"),
    "aws:sagemaker/endpoint:Endpoint": _named("name"),
    "aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer": _named("trackingServerName"),
    "aws:appautoscaling/target:Target": _named("resourceId"),
    "aws:appautoscaling/policy:Policy": _named("name"),
    "aws:cloudtrail/trail:Trail": _text(_ARN.format(service="cloudtrail", kind="trail/")),
    "aws:budgets/budget:Budget": _text("{account}:{name}"),
    "aws:budgets/budgetAction:BudgetAction": lookups.budget_action,
    "aws:ecr/repository:Repository": _named("name"),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": _named("repository"),
    "aws:eks/cluster:Cluster": _named("name"),
    "aws:eks/nodeGroup:NodeGroup": _text("{clusterName}:{nodeGroupName}"),
    "aws:eks/addon:Addon": _text("{clusterName}:{addonName}"),
    "aws:eks/accessEntry:AccessEntry": _text("{clusterName}:{principalArn}"),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": lookups.pod_identity,
    "aws:sqs/queue:Queue": lookups.queue,
    "aws:sqs/queuePolicy:QueuePolicy": _named("queueUrl"),
    "aws:kms/key:Key": lookups.kms_key,
    "aws:batch/jobDefinition:JobDefinition": lookups.job_definition,
    "aws:sns/topicSubscription:TopicSubscription": lookups.subscription,
    "aws:ec2/vpc:Vpc": lookups.by_filters("vpcs", "VpcId", {"cidr": "cidrBlock"}),
    "aws:ec2/subnet:Subnet": lookups.by_filters("subnets", "SubnetId", {"vpc-id": "vpcId", "cidr-block": "cidrBlock"}),
    "aws:ec2/routeTable:RouteTable": lookups.by_filters("route_tables", "RouteTableId", {"vpc-id": "vpcId"}),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": lookups.route_table_association,
    "aws:ec2/securityGroup:SecurityGroup": lookups.by_filters(
        "security_groups", "GroupId", {"vpc-id": "vpcId", "group-name": "name"}
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": lookups.default_security_group,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": lookups.rule(egress=False),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": lookups.rule(egress=True),
    "aws:ec2/vpcEndpoint:VpcEndpoint": lookups.by_filters(
        "vpc_endpoints", "VpcEndpointId", {"vpc-id": "vpcId", "service-name": "serviceName"}
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": lookups.by_filters(
        "launch_templates", "LaunchTemplateId", {"launch-template-name": "name"}
    ),
    "aws:ec2/placementGroup:PlacementGroup": _named("name"),
    "aws:autoscaling/group:Group": _named("name"),
    "aws:autoscaling/lifecycleHook:LifecycleHook": _within("autoscalingGroupName", "name"),
    "aws:ec2/flowLog:FlowLog": lookups.by_filters("flow_logs", "FlowLogId", {"resource-id": "vpcId"}),
}
