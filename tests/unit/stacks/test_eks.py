"""Pools with ``backend: eks``: what foundation gets for them, and what one pool is in the cluster."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.stacks.collecting import FULL, collect, inputs, of_type, statements
from tideform.model.engine import Preview
from tideform_sandbox.providers.aws.lifecycle import unknown_inputs
from tideform_sandbox.providers.aws.registry import kind_of

POOL = {**FULL["training"]["nightly"], "backend": "eks"}
TRAINING = {"nightly": POOL}
WITH_EFA = {
    "backend": "eks",
    "instance_types": ["g5.12xlarge", "p4d.24xlarge"],
    "nodes": 2,
    "interconnect": "efa",
    "lease": "1h",
    "job": {"image": "trainer", "command": ["torchrun", "train.py"], "nodes": 2},
}


@pytest.fixture(scope="module")
def foundation() -> Preview:
    return collect("foundation", training=TRAINING)


@pytest.fixture(scope="module")
def pool() -> Preview:
    return collect("training", "nightly", training=TRAINING)


def objects(found: Preview) -> list[dict[str, Any]]:
    return [dict(each.after or {}) for each in found.resources if each.type.startswith("kubernetes:")]


def test_a_cluster_stands_only_where_some_pool_wants_one() -> None:
    assert of_type(collect("foundation"), "Cluster") == []
    existing = collect("foundation", training=TRAINING, cluster={"existing": "mine"})
    assert [each for each in existing.resources if "eks" in each.type or each.type.startswith("kubernetes:")] == []


def test_the_cluster_is_private_logged_and_encrypted(foundation: Preview) -> None:
    cluster = inputs(foundation, "Cluster", "eks")
    assert cluster["vpcConfig"]["endpointPublicAccess"] is False
    assert cluster["vpcConfig"]["endpointPrivateAccess"] is True
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert cluster["encryptionConfig"]["resources"] == ["secrets"]
    assert "audit" in cluster["enabledClusterLogTypes"]


def test_the_controllers_run_on_demand(foundation: Preview) -> None:
    group = inputs(foundation, "NodeGroup", "controllers")
    assert (group["capacityType"], group["amiType"]) == ("ON_DEMAND", "AL2023_ARM_64_STANDARD")
    assert group["scalingConfig"]["desiredSize"] == 2


def test_karpenter_launches_nothing_without_the_clusters_tag(foundation: Preview) -> None:
    found = statements(inputs(foundation, "RolePolicy", "karpenter")["policy"])
    tagged = next(each for each in found if each["Sid"] == "LaunchTagged")
    assert tagged["Condition"]["StringEquals"]["aws:RequestTag/eks:eks-cluster-name"] == "fraud-scoring-dev-eks"
    launching = [each for each in found if "ec2:RunInstances" in each["Action"] and "Condition" not in each]
    assert not any(resource.endswith(("instance/*", "fleet/*")) for each in launching for resource in each["Resource"])


def test_the_reaper_gets_into_a_cluster_of_ours_and_may_drain_it_and_nothing_else(foundation: Preview) -> None:
    entry = inputs(foundation, "AccessEntry", "eks-reaper")
    role = inputs(foundation, "ClusterRole", "reaper-role")
    binding = inputs(foundation, "ClusterRoleBinding", "reaper-binding")
    assert entry["kubernetesGroups"] == [each["name"] for each in binding["subjects"]]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"patch", "list", "deletecollection"}
    assert "*" not in {word for rule in role["rules"] for words in rule.values() for word in words}


def test_charts_are_pinned(foundation: Preview) -> None:
    charts = {each.name: (each.after or {})["version"] for each in of_type(foundation, "Release")}
    assert {"karpenter", "kueue", "nvidia-device-plugin", "dcgm-exporter"} == set(charts)
    assert all(version and version != "latest" for version in charts.values())


def test_gangs_bring_jobset() -> None:
    gang = {**POOL, "job": {**POOL["job"], "nodes": 2}}
    charts = {each.name for each in of_type(collect("foundation", training={"nightly": gang}), "Release")}
    assert "jobset" in charts


def test_a_job_may_read_the_secrets_that_it_names_and_no_others() -> None:
    secret = {**POOL, "job": {**POOL["job"], "secrets": {"TOKEN": "secret:hub"}}}
    found = collect("training", "nightly", training={"nightly": secret})
    policy = statements(inputs(found, "RolePolicy", "nightly-job")["policy"])
    (fetch,) = [each for each in policy if each["Sid"] == "FetchSecrets"]
    assert fetch["Action"] == ["secretsmanager:GetSecretValue"]
    assert [arn.rpartition(":secret:")[2] for arn in fetch["Resource"]] == ["hub-??????"]


def test_adapters_bring_their_plug_in_for_the_types_that_the_pools_have() -> None:
    found = collect("foundation", training={"nightly": WITH_EFA})
    labels = inputs(found, "Release", "aws-efa-k8s-device-plugin")["values"]["supportedInstanceLabels"]
    assert labels == {"keys": ["node.kubernetes.io/instance-type"], "values": ["g5.12xlarge", "p4d.24xlarge"]}


def test_machines_with_adapters_are_close_together_and_let_memory_be_locked() -> None:
    found = collect("training", "nightly", training={"nightly": WITH_EFA})
    group = inputs(found, "PlacementGroup", "nightly")
    (spec,) = [each["spec"] for each in objects(found) if each["kind"] == "EC2NodeClass"]
    assert group["strategy"] == "cluster"
    assert spec["placementGroupSelector"] == {"name": group["name"]}
    assert spec["subnetSelectorTerms"] == [{"id": "subnet-0a"}]
    limits = json.loads(spec["userData"])["spec"]["containerd"]["baseRuntimeSpec"]["process"]["rlimits"]
    assert {each["type"] for each in limits} == {"RLIMIT_NOFILE", "RLIMIT_MEMLOCK"}


def test_the_bound_covers_the_adapters_that_every_type_has() -> None:
    found = objects(collect("training", "nightly", training={"nightly": WITH_EFA}))
    (queue,) = [each for each in found if each["kind"] == "ClusterQueue"]
    (group,) = queue["spec"]["resourceGroups"]
    assert group["coveredResources"] == ["cpu", "memory", "nvidia.com/gpu", "vpc.amazonaws.com/efa"]
    (flavor,) = group["flavors"]
    assert flavor["resources"][-1] == {"name": "vpc.amazonaws.com/efa", "nominalQuota": "2"}
    (quota,) = [each for each in found if each["kind"] == "ResourceQuota"]
    assert quota["spec"]["hard"]["requests.vpc.amazonaws.com/efa"] == "4"


def test_a_pool_is_these_objects(pool: Preview, golden: Callable[[str, str], None]) -> None:
    golden("eks/pool.json", json.dumps(objects(pool), indent=1, sort_keys=True) + "\n")


def test_the_bound_is_the_pools_maximum(pool: Preview) -> None:
    (queue,) = [each for each in objects(pool) if each["kind"] == "ClusterQueue"]
    (flavor,) = queue["spec"]["resourceGroups"][0]["flavors"]
    quota = {each["name"]: each["nominalQuota"] for each in flavor["resources"]}
    assert quota["nvidia.com/gpu"] == "32"


def test_nothing_runs_between_bursts(pool: Preview) -> None:
    (queue,) = [each for each in objects(pool) if each["kind"] == "LocalQueue"]
    assert queue["spec"]["stopPolicy"] == "HoldAndDrain"


def test_no_node_outlives_its_lease_and_all_idle_ones_go_at_once(pool: Preview) -> None:
    (nodes,) = [each for each in objects(pool) if each["kind"] == "NodePool"]
    assert nodes["spec"]["template"]["spec"]["expireAfter"] == "21600s"
    assert nodes["spec"]["template"]["spec"]["terminationGracePeriod"] == "5m"
    assert nodes["spec"]["disruption"]["budgets"][0] == {"nodes": "100%", "reasons": ["Empty"]}


def test_a_new_image_takes_no_node_from_under_a_job(pool: Preview) -> None:
    (nodes,) = [each for each in objects(pool) if each["kind"] == "NodePool"]
    assert {"nodes": "0", "reasons": ["Drifted", "Underutilized"]} in nodes["spec"]["disruption"]["budgets"]


def test_nodes_say_whose_they_are(pool: Preview) -> None:
    (node_class,) = [each for each in objects(pool) if each["kind"] == "EC2NodeClass"]
    assert node_class["spec"]["tags"]["tideform:unit"] == "nightly"
    assert node_class["spec"]["metadataOptions"]["httpPutResponseHopLimit"] == 1


def test_a_gang_stays_in_one_zone() -> None:
    gang = {**POOL, "job": {**POOL["job"], "nodes": 2}}
    found = objects(collect("training", "nightly", training={"nightly": gang}))
    (node_class,) = [each for each in found if each["kind"] == "EC2NodeClass"]
    assert node_class["spec"]["subnetSelectorTerms"] == [{"id": "subnet-0a"}]


def test_in_an_existing_cluster_only_our_own_objects_are_made() -> None:
    found = collect("training", "nightly", training=TRAINING, cluster={"existing": "mine"})
    assert {each.type.split(":")[0] for each in found.resources} == {"kubernetes"}


def test_the_sandbox_knows_all_of_it_and_keeps_nothing_without_effect(foundation: Preview, pool: Preview) -> None:
    planned = [each for found in (foundation, pool) for each in found.resources if each.type.startswith("aws:")]
    for each in planned:
        kind, given = kind_of(each.type), each.after or {}
        assert unknown_inputs(kind, given) == [], each.address
        assert kind.stored_only & set(given) == set(), each.address
