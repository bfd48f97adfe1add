"""An environment takes the first of its types, in the first of its zones, that is to be had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.unit.sandbox.batch.conftest import Pool
from tests.unit.sandbox.waiting import until
from tideform.local import client
from tideform.paths import Workspace


@pytest.fixture(autouse=True)
def market(workspace: Workspace) -> Iterator[Callable[..., None]]:
    def script(**words: Any) -> None:
        client.market(workspace, words)

    yield script
    client.market(workspace, {"clear": True})


def test_where_one_type_is_not_to_be_had_the_next_is_launched(pool_of: Callable[..., Pool], market: Any) -> None:
    market(lack=[{"types": "g5.xlarge"}])
    pool = pool_of(minvCpus=4)
    (instance,) = until(pool.instances)
    assert instance["InstanceType"] == "g5.4xlarge"


def test_where_one_zone_has_none_the_other_has(
    pool_of: Callable[..., Pool], market: Any, ground: dict[str, Any], pool: Pool
) -> None:
    ec2 = pool.cloud.client("ec2")
    (first,) = ground["subnets"]
    vpc = ec2.describe_subnets(SubnetIds=[first])["Subnets"][0]["VpcId"]
    blocks = len(ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"])
    second = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{16 * blocks}.0/20", AvailabilityZone="us-east-1b")
    market(lack=[{"types": "g5", "zone": "us-east-1a"}])
    both = pool_of(minvCpus=4, subnets=[first, second["Subnet"]["SubnetId"]])
    (instance,) = until(both.instances)
    assert instance["Placement"]["AvailabilityZone"] == "us-east-1b"


def test_where_nothing_is_to_be_had_the_environment_says_why(pool_of: Callable[..., Pool], market: Any) -> None:
    market(lack=[{"types": "g5"}])
    pool = pool_of(minvCpus=4)

    def reason() -> str:
        found = pool.batch.describe_compute_environments(computeEnvironments=[pool.environment])
        return str(found["computeEnvironments"][0]["statusReason"])

    until(lambda: "g5.4xlarge" in reason())
    assert pool.instances() == []
