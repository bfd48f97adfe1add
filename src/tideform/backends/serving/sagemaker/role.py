"""What a SageMaker endpoint's containers and their host may do. Pure.

https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
"""

from __future__ import annotations

from tideform.components.iam.grants import grant_key, pull_images, read, use_key
from tideform.components.iam.policies import Statement, allow
from tideform.components.names import CAPTURES
from tideform.components.scope import Scope
from tideform.registry.serving import EndpointOrder


def endpoint_statements(order: EndpointOrder, log_name: str, image: str) -> list[Statement]:
    """Read the model, write logs, metrics and captures, pull ``image``, and join the network."""
    scope = order.scope
    statements = [
        *read(scope, [scope.store_bucket(order.endpoint.model.from_)]),
        use_key(scope),
        grant_key(scope),
        *_log(scope, log_name),
        *pull_images(scope, image),
        *join_network(scope),
    ]
    if order.endpoint.capture is not None:
        captures = scope.bucket_arn(scope.deployment.unique_name(CAPTURES), f"{scope.unit}/*")
        statements.append(allow("Capture", ["s3:PutObject"], [captures]))
    return statements


def _log(scope: Scope, log_name: str) -> list[Statement]:
    group = scope.arn("logs", f"log-group:{log_name}")
    # Metrics have no ARN: CloudWatch takes only `*`, so the namespace is the bound.
    namespaces = {"StringEquals": {"cloudwatch:namespace": ["AWS/SageMaker", "/aws/sagemaker/Endpoints"]}}
    return [
        allow(
            "Log",
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [group, f"{group}:*"],
        ),
        allow("Measure", ["cloudwatch:PutMetricData"], ["*"], namespaces),
    ]


def join_network(scope: Scope) -> list[Statement]:
    """Let SageMaker attach its machines to our network. https://docs.aws.amazon.com/sagemaker/latest/dg/host-vpc.html"""
    places = [scope.arn("ec2", f"{kind}/*") for kind in ("network-interface", "subnet", "security-group")]
    change = [
        "ec2:CreateNetworkInterface",
        "ec2:CreateNetworkInterfacePermission",
        "ec2:DeleteNetworkInterface",
        "ec2:DeleteNetworkInterfacePermission",
    ]
    look = [
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
    ]
    # EC2's Describe actions know no resources, so `*` is the only thing they take.
    return [allow("AttachToNetwork", change, places), allow("SeeNetwork", look, ["*"])]
