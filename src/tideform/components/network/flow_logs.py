"""A record of every connection in the network, for whoever has to explain one later."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.iam.policies import allow, trust
from tideform.components.iam.roles import ServiceRole
from tideform.components.monitoring.logs import log_group
from tideform.components.scope import Scope


class FlowLogs(Component):
    """All traffic of the VPC, accepted and rejected, into an encrypted log group."""

    def __init__(
        self,
        scope: Scope,
        *,
        vpc_id: pulumi.Input[str],
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("flow-logs", scope, opts)
        name = f"{scope.log_prefix}/network"
        group = log_group("network", name, scope, key_arn, self.named())
        writer = ServiceRole(
            "flow-logs-writer",
            scope,
            trust=trust(
                "vpc-flow-logs.amazonaws.com",
                scope.account,
                arn_like=scope.arn("ec2", "vpc-flow-log/*"),
            ),
            description="Lets VPC flow logs write to their log group",
            statements=[
                allow(
                    "Write",
                    ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                    [scope.arn("logs", f"log-group:{name}"), scope.arn("logs", f"log-group:{name}:*")],
                ),
                # It looks its group up in a list, which takes no narrower resource than all groups.
                allow("Look", ["logs:DescribeLogGroups"], [scope.arn("logs", "log-group:*")]),
            ],
            opts=self.nameless,
        )
        aws.ec2.FlowLog(
            "network",
            vpc_id=vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=writer.arn,
            tags=scope.tags(scope.name("network")),
            opts=self.named(after=writer.policies),
        )
