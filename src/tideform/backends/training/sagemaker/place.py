"""Where a pool's training jobs run: the network, key and role that `apply` made, found by their names and tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tideform.backends.training.sagemaker.names import TrainingNames
from tideform.cloud import Cloud
from tideform.components.scope import Scope
from tideform.errors import RefusedError, TideformError
from tideform.pools.purchase import pool_zones
from tideform.spec.deployment import Deployment


@dataclass(frozen=True)
class Place:
    """The private subnets, the workloads' security group, the ARNs of the project's key and of the jobs' role."""

    subnets: tuple[str, ...]
    security_group: str
    key_arn: str
    role_arn: str


def find_place(cloud: Cloud, deployment: Deployment, pool: str) -> Place:
    """Raises `RefusedError` TD603 where foundation or the pool is not applied."""
    role = find_role(cloud, deployment, pool)
    group = _workloads(cloud, deployment)
    if not role or group is None:
        missing = f"role {TrainingNames(deployment, pool).role}" if group else "network of the project"
        raise _not_applied(pool, missing)
    alias = f"alias/{deployment.name}"
    key = cloud.client("kms").describe_key(KeyId=alias)["KeyMetadata"]["Arn"]
    return Place(_subnets(cloud, deployment, pool, group["VpcId"]), group["GroupId"], key, role)


def find_role(cloud: Cloud, deployment: Deployment, pool: str) -> str:
    """The ARN of the role that the pool's jobs run as; empty if there is none."""
    iam = cloud.client("iam")
    try:
        return str(iam.get_role(RoleName=TrainingNames(deployment, pool).role)["Role"]["Arn"])
    except iam.exceptions.NoSuchEntityException:
        return ""


def _workloads(cloud: Cloud, deployment: Deployment) -> dict[str, Any] | None:
    name = Scope(deployment, "foundation").name("workload", limit=255)
    filters = [{"Name": "group-name", "Values": [name]}, *_tagged(deployment)]
    groups: list[dict[str, Any]] = cloud.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return next(iter(groups), None)


def _subnets(cloud: Cloud, deployment: Deployment, pool: str, vpc: str) -> tuple[str, ...]:
    """Foundation's private ones in the pool's zones; in a network that existed already, those that the spec names."""
    network = deployment.spec.network
    if network.existing is not None:
        return tuple(network.subnets)
    zones = pool_zones(deployment.spec.training[pool], deployment)
    filters = [
        {"Name": "vpc-id", "Values": [vpc]},
        {"Name": "availability-zone", "Values": list(zones)},
        *_tagged(deployment),
    ]
    found = cloud.client("ec2").describe_subnets(Filters=filters)["Subnets"]
    return tuple(sorted(subnet["SubnetId"] for subnet in found))


def _tagged(deployment: Deployment) -> list[dict[str, Any]]:
    tags = deployment.tags("foundation")
    own = ("tideform:project", "tideform:environment", "tideform:layer")
    return [{"Name": f"tag:{key}", "Values": [tags[key]]} for key in own]


def _not_applied(pool: str, missing: str) -> TideformError:
    return RefusedError.of(
        "TD603",
        "The pool is not applied",
        detail=f"There is no {missing} for {pool}.",
        fix="Run `tideform apply` first.",
    )
