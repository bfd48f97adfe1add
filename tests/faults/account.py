"""Everything that an account holds, asked of each service: how it is seen that nothing is made twice or left behind.

Not a word of it comes from a state or from tags, so what a crash orphaned is counted like everything else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tideform.cloud import Cloud

# service, operation, the answer's list, and what names an item: a name of ours, or else nothing but its being there.
_LISTS: tuple[tuple[str, str, str, str], ...] = (
    ("ec2", "describe_vpcs", "Vpcs", "CidrBlock"),
    ("ec2", "describe_subnets", "Subnets", "CidrBlock"),
    ("ec2", "describe_route_tables", "RouteTables", ""),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupName"),
    ("ec2", "describe_security_group_rules", "SecurityGroupRules", ""),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints", "ServiceName"),
    ("ec2", "describe_flow_logs", "FlowLogs", ""),
    ("ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateName"),
    ("kms", "list_aliases", "Aliases", "AliasName"),
    ("dynamodb", "list_tables", "TableNames", "*"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    ("events", "list_rules", "Rules", "Name"),
    ("sns", "list_topics", "Topics", "TopicArn"),
    ("sns", "list_subscriptions", "Subscriptions", "Endpoint"),
    ("batch", "describe_compute_environments", "computeEnvironments", "computeEnvironmentName"),
    ("batch", "describe_job_queues", "jobQueues", "jobQueueName"),
    ("sagemaker", "list_models", "Models", "ModelName"),
    ("sagemaker", "list_endpoint_configs", "EndpointConfigs", "EndpointConfigName"),
    ("sagemaker", "list_endpoints", "Endpoints", "EndpointName"),
    ("sagemaker", "list_mlflow_tracking_servers", "TrackingServerSummaries", "TrackingServerName"),
    ("cloudtrail", "describe_trails", "trailList", "Name"),
)

# What is immutable bears a hash of what it is made of, ids among it: another life, another hash.
_HASH = re.compile(r"-[0-9a-f]{8}$")


def everything(cloud: Cloud) -> Counter[str]:
    """How often each thing is there, by service and name; two of one name count as two."""
    return Counter(_HASH.sub("-…", item) for item in _items(cloud))


def _items(cloud: Cloud) -> Iterator[str]:
    for service, operation, key, name in _LISTS:
        for item in _listed(cloud.client(service), operation, key):
            if name == "*" or not _aws_own(item):
                yield f"{service} {key} {item if name == '*' else item.get(name, '')}".rstrip()
    for definition in _listed(cloud.client("batch"), "describe_job_definitions", "jobDefinitions", status="ACTIVE"):
        yield f"batch jobDefinitions {definition['jobDefinitionName']}"
    for budget in _listed(cloud.client("budgets"), "describe_budgets", "Budgets", AccountId=cloud.account):
        yield f"budgets Budgets {budget['BudgetName']}"
    for namespace in ("sagemaker",):
        scaling = cloud.client("application-autoscaling")
        for operation, key in (("describe_scalable_targets", "ScalableTargets"),
                               ("describe_scaling_policies", "ScalingPolicies")):  # fmt: skip
            for item in _listed(scaling, operation, key, ServiceNamespace=namespace):
                yield f"{operation} {item['ResourceId']}"
    yield from _keys(cloud.client("kms"))


def _aws_own(item: Mapping[str, Any]) -> bool:
    """What AWS keeps by itself: a deleted endpoint in the lists for a while, a service's own role for good."""
    return item.get("State") == "deleted" or str(item.get("RoleName")).startswith("AWSServiceRoleFor")


def _keys(kms: Any) -> Iterator[str]:
    """Keys that cost: one that waits for its deletion does not."""
    for key in _listed(kms, "list_keys", "Keys"):
        about = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if about["KeyManager"] == "CUSTOMER" and about["KeyState"] != "PendingDeletion":
            yield f"kms Keys {about['Description']}"


def _listed(client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
    if not client.can_paginate(operation):
        yield from getattr(client, operation)(**arguments).get(key, ())
        return
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page.get(key, ())
