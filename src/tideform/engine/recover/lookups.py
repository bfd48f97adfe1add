"""Looking up what AWS numbers itself: by its parent, its own attributes and our tags.

Each function answers every id that fits: during a replacement the old one fits as well as the new. All of our
resources carry our tags from their creation on, so a thing without them is somebody else's and is not found here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tideform.burst.inventory.customer_keys import customer_keys

if TYPE_CHECKING:
    from tideform.cloud import Cloud

Inputs = Mapping[str, Any]
Lookup = Callable[["Cloud", Inputs], Iterator[str]]
_GONE = {"deleting", "deleted", "Deleting", "Deleted"}


def by_filters(noun: str, id_key: str, filters: Mapping[str, str]) -> Lookup:
    """An EC2 noun (``subnets``) by filters on its inputs and by our tags."""

    def look(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
        wanted = [{"Name": name, "Values": [inputs[key]]} for name, key in filters.items() if inputs.get(key)]
        for item in _ec2(cloud, noun, wanted):
            if _carries(item.get("Tags"), inputs.get("tags")) and item.get("State") not in _GONE:
                yield str(item[id_key])

    return look


def route_table_association(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
    """The association of this subnet with this table."""
    for table in _ec2(cloud, "route_tables", [{"Name": "route-table-id", "Values": [inputs["routeTableId"]]}]):
        for association in table.get("Associations", ()):
            if association.get("SubnetId") == inputs.get("subnetId"):
                yield str(association["RouteTableAssociationId"])


def default_security_group(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
    """The group that every VPC comes with; AWS makes it, we only empty it."""
    filters = [{"Name": "vpc-id", "Values": [inputs["vpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
    for group in _ec2(cloud, "security_groups", filters):
        yield str(group["GroupId"])


def rule(*, egress: bool) -> Lookup:
    """A rule of a security group: AWS refuses a second one that says the same."""

    def look(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
        group = [{"Name": "group-id", "Values": [inputs["securityGroupId"]]}]
        for found in _ec2(cloud, "security_group_rules", group):
            if found["IsEgress"] is egress and _same_rule(found, inputs):
                yield str(found["SecurityGroupRuleId"])

    return look


def kms_key(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
    """The keys of that description with our tags that are not going away."""

    def ours(tags: Mapping[str, str]) -> bool:
        return _carry(tags, inputs.get("tags"))

    for key in customer_keys(cloud, ours):
        stays = key.about["KeyState"] != "PendingDeletion"
        if stays and key.about.get("Description") == inputs.get("description") and ours(key.tags):
            yield key.id


def job_definition(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
    """The active revisions of that name, the newest first."""
    batch = cloud.client("batch")
    answer = batch.describe_job_definitions(jobDefinitionName=inputs["name"], status="ACTIVE")
    for definition in sorted(answer["jobDefinitions"], key=lambda d: d["revision"], reverse=True):
        yield str(definition["jobDefinitionArn"])


def subscription(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
    """The subscription of this endpoint to this topic.

    An e-mail's has no ARN until its reader confirms it, so it is asked for once more: SNS keeps one that waits, and
    drops it after two days. https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html
    """
    sns = cloud.client("sns")
    for page in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=inputs["topic"]):
        for found in page["Subscriptions"]:
            same = (found["Protocol"], found["Endpoint"]) == (inputs["protocol"], inputs["endpoint"])
            if same and found["SubscriptionArn"].startswith("arn:"):
                yield str(found["SubscriptionArn"])


def pod_identity(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
    """The association of this service account: a cluster has at most one of each."""
    where = {"clusterName": inputs["clusterName"], "namespace": inputs["namespace"]}
    eks = cloud.client("eks")
    try:
        found = eks.list_pod_identity_associations(**where, serviceAccount=inputs["serviceAccount"])["associations"]
    except eks.exceptions.ResourceNotFoundException:
        return
    for each in found:
        if (each["namespace"], each["serviceAccount"]) == (inputs["namespace"], inputs["serviceAccount"]):
            yield str(each["associationId"])


def budget_action(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
    """The actions of this budget with this execution role: each of ours has a role of its own."""
    budgets, account, name = cloud.client("budgets"), cloud.account, inputs["budgetName"]
    pages = budgets.get_paginator("describe_budget_actions_for_budget")
    try:
        for page in pages.paginate(AccountId=account, BudgetName=name):
            for found in page["Actions"]:
                if found["ExecutionRoleArn"] == inputs["executionRoleArn"]:
                    yield f"{account}:{found['ActionId']}:{name}"
    except budgets.exceptions.NotFoundException:
        return


def queue(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
    """The queue's address, which only SQS knows."""
    for url in cloud.client("sqs").list_queues(QueueNamePrefix=inputs["name"]).get("QueueUrls", ()):
        if str(url).rpartition("/")[2] == inputs["name"]:
            yield str(url)


def _ec2(cloud: Cloud, noun: str, filters: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    ec2 = cloud.client("ec2")
    argument = "Filter" if noun == "flow_logs" else "Filters"  # the API's own irregularity
    for page in ec2.get_paginator(f"describe_{noun}").paginate(**{argument: filters}):
        yield from page["".join(word.capitalize() for word in noun.split("_"))]


def _carries(live: list[dict[str, str]] | None, wanted: Mapping[str, str] | None) -> bool:
    return _carry({tag["Key"]: tag["Value"] for tag in live or ()}, wanted)


def _carry(tags: Mapping[str, str], wanted: Mapping[str, str] | None) -> bool:
    """Whose it is and which one; what else its tags say may have changed in the spec since it was made."""
    telling = {key: value for key, value in (wanted or {}).items() if key == "Name" or key.startswith("tideform:")}
    return bool(telling) and all(tags.get(k) == v for k, v in telling.items() if k != "tideform:owner")


def _same_rule(found: Mapping[str, Any], inputs: Inputs) -> bool:
    peer = found.get("ReferencedGroupInfo", {}).get("GroupId")
    return (
        str(found["IpProtocol"]) == str(inputs["ipProtocol"])
        and found.get("FromPort", -1) == _port(inputs.get("fromPort"))
        and found.get("ToPort", -1) == _port(inputs.get("toPort"))
        and peer == inputs.get("referencedSecurityGroupId")
        and found.get("PrefixListId") == inputs.get("prefixListId")
        and found.get("CidrIpv4") == inputs.get("cidrIpv4")
    )


def _port(value: Any) -> int:
    return -1 if value is None else int(value)
