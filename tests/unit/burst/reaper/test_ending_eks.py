"""How capacity on Kubernetes ends: launching denied, queue held, jobs and claims gone, machines ended by tag."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from tideform.backends.training.eks.in_account import ending as eks
from tideform.cloud import Cloud
from tideform.reaper.kubernetes_api import token
from tideform.reaper.kubernetes_groups import KNOWN, KUEUE

_NUMBERS = count(1)


@dataclass
class Api:
    """A cluster that remembers what it was asked; ``items`` is what lists answer, by a part of their path."""

    items: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    down: bool = False
    kueue: tuple[str, ...] = ("v1beta2", "v1beta1")
    refuses: str = "nothing"

    def __call__(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if self.down:
            raise ConnectionRefusedError(path)
        if path == "/apis":
            served = {**KNOWN, KUEUE: self.kueue}
            return {"groups": [{"name": k, "versions": [{"version": v} for v in vs]} for k, vs in served.items() if vs]}
        if self.refuses in path:
            raise PermissionError(f"401 Unauthorized: {path}")
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
    assert deletions == ["trainjobs", "jobsets", "jobs", "pods", "nodeclaims"]


@pytest.mark.parametrize(
    ("served", "version"), [(("v1beta1",), "v1beta1"), (("v1beta2", "v1beta1"), "v1beta2"), (("v1beta2",), "v1beta2")]
)
def test_the_queue_is_held_in_a_version_that_the_cluster_serves(
    cloud: Cloud, handle: dict[str, Any], served: tuple[str, ...], version: str
) -> None:
    api = Api(kueue=served)
    assert eks.stop(cloud, handle, reach=api)
    assert [path for method, path, _ in api.asked if method == "PATCH"] == [
        f"/apis/kueue.x-k8s.io/{version}/namespaces/{handle['namespace']}/localqueues/bursts"
    ]


def test_a_queue_that_could_not_be_held_is_told_and_jobs_and_nodes_go_all_the_same(handle: dict[str, Any]) -> None:
    api = Api(kueue=("v3",))
    found = eks.drain(api, handle)
    assert found.state is eks.State.UNREACHED
    assert "kueue.x-k8s.io as v3" in found.why
    assert [path.partition("?")[0].rpartition("/")[2] for method, path, _ in api.asked if method == "DELETE"] == [
        "trainjobs", "jobsets", "jobs", "pods", "nodeclaims",
    ]  # fmt: skip


@pytest.mark.parametrize("refused", ["localqueues", "jobs", "pods", "nodeclaims"])
def test_what_the_api_refuses_is_not_taken_for_done(handle: dict[str, Any], refused: str) -> None:
    found = eks.drain(Api(refuses=refused), handle)
    assert found.state is eks.State.UNREACHED
    assert "401" in found.why


@pytest.mark.parametrize("kind", ["jobs", "pods", "nodeclaims"])
def test_what_somebodys_finalizer_holds_is_not_taken_for_gone(handle: dict[str, Any], kind: str) -> None:
    began = 1795255200.0
    api = Api({f"/{kind}?" if kind != "jobs" else "/jobs": [deleted("2026-11-21T10:00:00Z")]})
    assert eks.drain(api, handle, lambda: began + 60).state is eks.State.AT_IT
    assert eks.drain(api, handle, lambda: began + 300).state is eks.State.LATE


def test_a_pod_that_has_ended_holds_up_nobody(handle: dict[str, Any]) -> None:
    api = Api({"/pods": [{**deleted("2026-11-21T10:00:00Z"), "status": {"phase": "Succeeded"}}]})
    assert eks.drain(api, handle).state is eks.State.DONE


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
    assert [path for _, path, _ in api.asked if "labelSelector=tideform.dev%2Flease%3Dabc" not in path] == []


def test_a_token_says_for_which_cluster_it_is(cloud: Cloud) -> None:
    import base64

    signed = token(cloud, "demo-dev-eks").removeprefix("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(signed + "=" * (-len(signed) % 4)).decode()
    assert "Action=GetCallerIdentity" in url
    assert "X-Amz-SignedHeaders=host%3Bx-k8s-aws-id" in url
