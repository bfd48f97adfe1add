"""How capacity on Kubernetes ends: launching denied, queue held, jobs and claims gone, machines ended by tag."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from tideform.burst.reaper.endings import eks
from tideform.burst.reaper.kubernetes_api import token
from tideform.cloud import Cloud

_NUMBERS = count(1)


@dataclass
class Api:
    """A cluster that remembers what it was asked; ``items`` is what lists answer, by a part of their path."""

    items: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    down: bool = False

    def __call__(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if self.down:
            raise ConnectionRefusedError(path)
        self.asked.append((method, path, body))
        return {"items": next((found for part, found in self.items.items() if part in path), [])}


def deleted(at: str) -> dict[str, Any]:
    return {"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z", "deletionTimestamp": at}}


@pytest.fixture
def handle(cloud: Cloud) -> dict[str, Any]:
    number = next(_NUMBERS)
    role = f"karpenter-{number}"
    cloud.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17"}))
    tags = {"tideform:project": "demo", "tideform:environment": "dev", "tideform:unit": f"eks-{number}"}
    return {
        "backend": "eks",
        "pool": f"eks-{number}",
        "tags": tags,
        "cluster": "",
        "context": "",
        "karpenter_role": role,
        "namespace": f"demo-dev-eks-{number}",
        "queue": "bursts",
        "node_pool": f"demo-dev-eks-{number}",
    }


def launched(cloud: Cloud, handle: Mapping[str, Any]) -> str:
    """A machine as Karpenter launches it."""
    ec2 = cloud.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    tags = [{"Key": key, "Value": value} for key, value in handle["tags"].items()]
    made = ec2.run_instances(
        ImageId=image,
        InstanceType="g5.xlarge",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )
    return str(made["Instances"][0]["InstanceId"])


def state(cloud: Cloud, instance: str) -> str:
    found = cloud.client("ec2").describe_instances(InstanceIds=[instance])
    return str(found["Reservations"][0]["Instances"][0]["State"]["Name"])


def test_only_this_pool_may_launch_no_more(cloud: Cloud, handle: dict[str, Any]) -> None:
    eks.stop(cloud, handle)
    policy = cloud.client("iam").get_role_policy(RoleName=handle["karpenter_role"], PolicyName=eks.policy_name(handle))[
        "PolicyDocument"
    ]
    (statement,) = policy["Statement"]
    assert statement["Effect"] == "Deny"
    assert set(statement["Action"]) == {"ec2:CreateFleet", "ec2:RunInstances"}
    assert statement["Condition"]["StringEquals"]["aws:RequestTag/tideform:unit"] == handle["pool"]


def test_a_next_burst_may_launch_again(cloud: Cloud, handle: dict[str, Any]) -> None:
    eks.stop(cloud, handle)
    eks.permit(cloud, handle)
    assert not eks.denied(cloud, handle)
    eks.permit(cloud, handle)  # it is idempotent


def test_out_of_reach_the_machines_go_all_the_same(cloud: Cloud, handle: dict[str, Any]) -> None:
    machine = launched(cloud, handle)
    eks.stop(cloud, handle, reach=Api(down=True))
    assert state(cloud, machine) in ("shutting-down", "terminated")
    assert eks.stop(cloud, handle, reach=Api(down=True))


def test_a_cluster_that_is_not_there_is_no_obstacle(cloud: Cloud, handle: dict[str, Any]) -> None:
    assert eks.stop(cloud, {**handle, "cluster": "gone", "karpenter_role": "gone"})


def test_the_queue_is_held_before_jobs_and_nodes_go(cloud: Cloud, handle: dict[str, Any]) -> None:
    api = Api()
    assert eks.stop(cloud, handle, reach=api)
    methods = [(method, path.partition("?")[0].rpartition("/")[2]) for method, path, _ in api.asked]
    assert methods[0] == ("PATCH", "bursts")
    assert api.asked[0][2] == {"spec": {"stopPolicy": "HoldAndDrain"}}
    deletions = [noun for method, noun in methods if method == "DELETE"]
    assert deletions == ["trainjobs", "jobsets", "jobs", "nodeclaims"]


def test_a_node_that_drains_has_time_to(cloud: Cloud, handle: dict[str, Any]) -> None:
    machine = launched(cloud, handle)
    api = Api({"nodeclaims": [deleted("2026-11-21T10:00:00Z")]})
    began = 1795255200.0  # then, in seconds since the epoch
    assert not eks.stop(cloud, handle, reach=api, clock=lambda: began + 60)
    assert state(cloud, machine) in ("pending", "running")
    assert not eks.stop(cloud, handle, reach=api, clock=lambda: began + 300)
    assert state(cloud, machine) in ("shutting-down", "terminated")


def test_the_jobs_of_one_lease_are_chosen_by_their_label(cloud: Cloud, handle: dict[str, Any]) -> None:
    api = Api()
    eks.end_jobs(cloud, handle, "abc", reach=api)
    assert all("labelSelector=tideform.dev%2Flease%3Dabc" in path for _, path, _ in api.asked)


def test_a_token_says_for_which_cluster_it_is(cloud: Cloud) -> None:
    import base64

    signed = token(cloud, "demo-dev-eks").removeprefix("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(signed + "=" * (-len(signed) % 4)).decode()
    assert "Action=GetCallerIdentity" in url
    assert "X-Amz-SignedHeaders=host%3Bx-k8s-aws-id" in url
