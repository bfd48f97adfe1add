"""Whether the network that the spec names is there as it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from tests.unit.plan.making import deployment
from tideform.cloud import Cloud
from tideform.operations.existing_network import network_findings

NOWHERE = "0123456789abcdef0"


@pytest.fixture
def ec2(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with mock_aws():
        cloud = Cloud("us-east-1", "123456789012")
        monkeypatch.setattr("tideform.connect.cloud_for", lambda _deployment: cloud)
        yield cloud.client("ec2")


def vpc(ec2: Any) -> str:
    return str(ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


def subnet(ec2: Any, of: str, number: int, zone: str = "a") -> str:
    made = ec2.create_subnet(VpcId=of, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")
    return str(made["Subnet"]["SubnetId"])


def found(existing: str, *subnets: str) -> list[str]:
    return [f.code for f in network_findings(deployment(network={"existing": existing, "subnets": list(subnets)}))]


def test_a_network_that_is_as_the_spec_says_is_fine(ec2: Any) -> None:
    own = vpc(ec2)
    assert found(own, subnet(ec2, own, 1, "a"), subnet(ec2, own, 2, "b")) == []


def test_a_vpc_that_is_not_there_is_told_alone(ec2: Any) -> None:
    assert found(f"vpc-{NOWHERE}", f"subnet-{NOWHERE}") == ["TD337"]


def test_each_subnet_that_is_not_there_or_elsewhere_is_told(ec2: Any) -> None:
    own, other = vpc(ec2), vpc(ec2)
    assert found(own, subnet(ec2, own, 1), subnet(ec2, other, 2, "b"), f"subnet-{NOWHERE}") == ["TD337", "TD337"]


def test_two_subnets_in_one_zone_are_worth_a_warning(ec2: Any) -> None:
    own = vpc(ec2)
    assert found(own, subnet(ec2, own, 1), subnet(ec2, own, 2)) == ["TD338"]


def test_a_cluster_wants_two_zones(ec2: Any) -> None:
    own, job = vpc(ec2), {"image": "1.dkr.ecr.us-east-1.amazonaws.com/a", "command": ["true"]}
    pool = {"backend": "eks", "instance_types": ["g5.xlarge"], "job": job}
    network = {"existing": own, "subnets": [subnet(ec2, own, 1)]}
    (finding,) = network_findings(deployment(network=network, training={"fit": pool}))
    assert (finding.code, "2 zones at least" in finding.detail) == ("TD337", True)


def test_nothing_is_asked_where_the_network_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tideform.connect.cloud_for", lambda _deployment: pytest.fail("the cloud was asked"))
    assert network_findings(deployment()) == ()
