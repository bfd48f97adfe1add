"""Jobs as the API takes them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.backends.training.eks import manifests
from tideform.backends.training.eks.manifests import JobOrder
from tideform.burst.lease import Lease, Mode
from tideform.burst.runner import Work
from tideform.process import Process
from tideform_sandbox.providers.kubernetes.provider import misfit

LEASE = Lease("0123456789ab", "nightly", "ann", Process.current(), Mode.RUN, 0, 3600, Decimal(1))


@pytest.fixture
def order(tmp_path: Path) -> JobOrder:
    spec = {**FULL, "training": {"nightly": {**FULL["training"]["nightly"], "backend": "eks"}}}
    return JobOrder(deployment_of(spec, tmp_path), "nightly", LEASE, Work(command=("python", "-V")), rest=1800)


@pytest.fixture
def pair(order: JobOrder) -> JobOrder:
    """Of a pool whose own job has two nodes."""
    spec = order.deployment.spec
    pool = spec.training["nightly"]
    two = pool.model_copy(update={"job": pool.job.model_copy(update={"nodes": 2})})
    changed = spec.model_copy(update={"training": {"nightly": two}})
    return replace(order, deployment=replace(order.deployment, spec=changed))


def environment(spec: dict[str, Any]) -> dict[str, Any]:
    (container,) = spec["template"]["spec"]["containers"]
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}


def rules(spec: dict[str, Any]) -> list[tuple[str, str]]:
    found = spec["podFailurePolicy"]["rules"]
    return [(rule["action"], next(key for key in rule if key != "action")) for rule in found]


def test_a_job_fits_its_schema(order: JobOrder) -> None:
    assert misfit(manifests.job(order)) == ("", "")
    assert misfit(manifests.hold(order, 0)) == ("", "")


def test_a_job_ends_with_its_lease_and_begins_when_kueue_lets_it_in(order: JobOrder) -> None:
    made = manifests.work(order)
    assert made["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "bursts"
    assert made["spec"]["suspend"] is True
    assert made["spec"]["activeDeadlineSeconds"] == 1800
    assert made["spec"]["ttlSecondsAfterFinished"] > 0


def test_a_job_whose_node_was_taken_is_tried_again_and_one_that_failed_is_not(order: JobOrder) -> None:
    spec = manifests.work(order)["spec"]
    assert rules(spec) == [("Ignore", "onPodConditions"), ("FailJob", "onExitCodes")]
    assert spec["backoffLimit"] == 0


def test_a_node_is_not_taken_away_from_under_a_job(order: JobOrder) -> None:
    template = manifests.work(order)["spec"]["template"]
    assert template["metadata"]["annotations"]["karpenter.sh/do-not-disrupt"] == "true"


def test_a_job_knows_its_lease_and_what_the_burst_adds(order: JobOrder) -> None:
    added = replace(order, work=replace(order.work, environment={"A": "1"}), own={"LR": "0.1"}, index=3)
    found = environment(manifests.work(added)["spec"])
    assert (found["TIDEFORM_LEASE"], found["A"], found["LR"]) == (LEASE.id, "1", "0.1")
    assert manifests.work(added)["metadata"]["name"] == f"nightly-{LEASE.id}-3"


def test_each_member_of_an_array_saves_its_work_in_a_place_of_its_own(order: JobOrder) -> None:
    saving = replace(order, work=replace(order.work, environment={"TIDEFORM_CHECKPOINT_URI": "s3://kept/run"}), index=3)
    uri = [
        environment(manifests.work(one)["spec"])["TIDEFORM_CHECKPOINT_URI"] for one in (saving, replace(saving, own={}))
    ]
    assert uri == ["s3://kept/run", "s3://kept/run/3"]


@pytest.mark.parametrize("nodes", [1, 2, 3])
def test_a_job_has_the_pods_that_are_asked_for_whatever_the_pools_own_has(pair: JobOrder, nodes: int) -> None:
    made = manifests.work(replace(pair, work=replace(pair.work, nodes=nodes)))
    jobs = [one["template"]["spec"] for one in made["spec"].get("replicatedJobs", ())] or [made["spec"]]
    assert [job["parallelism"] for job in jobs] == [nodes]


def test_several_nodes_are_one_gang_that_knows_its_ranks(order: JobOrder) -> None:
    gang = manifests.work(replace(order, work=replace(order.work, nodes=4)))
    assert gang["kind"] == "JobSet"
    (group,) = gang["spec"]["replicatedJobs"]
    spec = group["template"]["spec"]
    assert (spec["parallelism"], spec["completions"], spec["completionMode"]) == (4, 4, "Indexed")
    found = environment(spec)
    assert found["WORLD_SIZE"] == "4"
    assert found["MASTER_ADDR"] == f"nightly-{LEASE.id}-nodes-0-0.nightly-{LEASE.id}"
    assert found["RANK"]["fieldRef"]["fieldPath"].endswith("job-completion-index']")
    assert rules(spec)[0] == ("FailJob", "onPodConditions")  # and then the whole set begins anew


@pytest.fixture
def adapted(tmp_path: Path) -> JobOrder:
    job = {"image": "trainer", "command": ["torchrun"], "nodes": 2, "environment": {"NCCL_DEBUG": "INFO"}}
    words = {"instance_types": ["p5.48xlarge"], "nodes": 2, "interconnect": "efa", "lease": "1h", "job": job}
    spec = {**FULL, "training": {"nightly": {**words, "backend": "eks"}}}
    return JobOrder(deployment_of(spec, tmp_path), "nightly", LEASE, Work(nodes=2), rest=1800)


def test_every_pod_asks_for_its_machines_adapters_for_they_come_with_the_machine(adapted: JobOrder) -> None:
    gang = manifests.work(adapted)["spec"]["replicatedJobs"][0]["template"]["spec"]
    for spec in (gang, manifests.hold(adapted, 0)["spec"]):
        (container,) = spec["template"]["spec"]["containers"]
        assert container["resources"]["limits"]["vpc.amazonaws.com/efa"] == "32"
        assert not any(name.startswith("hugepages") for name in container["resources"]["limits"])


def test_libfabric_is_told_that_a_pod_has_no_huge_pages_unless_the_job_says_otherwise(adapted: JobOrder) -> None:
    gang = manifests.work(adapted)["spec"]["replicatedJobs"][0]["template"]["spec"]
    assert environment(gang)["FI_EFA_USE_HUGE_PAGE"] == "0"
    own = replace(adapted, work=replace(adapted.work, environment={"FI_EFA_USE_HUGE_PAGE": "1"}))
    gang = manifests.work(own)["spec"]["replicatedJobs"][0]["template"]["spec"]
    assert environment(gang)["FI_EFA_USE_HUGE_PAGE"] == "1"


def test_a_manifest_names_a_jobs_secrets_and_what_holds_nodes_has_none(tmp_path: Path) -> None:
    nightly = FULL["training"]["nightly"]
    job = {**nightly["job"], "secrets": {"TOKEN": "secret:hub"}}
    spec = {**FULL, "training": {"nightly": {**nightly, "backend": "eks", "job": job}}}
    order = JobOrder(deployment_of(spec, tmp_path), "nightly", LEASE, Work(), rest=1800)
    made = manifests.work(order)
    assert misfit(made) == ("", "")
    (fetch,) = made["spec"]["template"]["spec"]["initContainers"]
    assert fetch["command"][-1].endswith(":secret:hub")
    assert "initContainers" not in manifests.hold(order, 0)["spec"]["template"]["spec"]


def test_what_holds_nodes_gives_way_to_a_job(order: JobOrder) -> None:
    held = manifests.hold(order, 0)["spec"]["template"]["spec"]["priorityClassName"]
    works = manifests.job(order)["spec"]["template"]["spec"]["priorityClassName"]
    assert (held, works) == ("fraud-scoring-dev-nightly-hold", "fraud-scoring-dev-nightly")


@pytest.mark.parametrize("nodes", [1, 2])
def test_a_pod_takes_a_whole_node_of_the_pool(order: JobOrder, nodes: int) -> None:
    made = manifests.work(replace(order, work=replace(order.work, nodes=nodes)))
    spec = made["spec"] if nodes == 1 else made["spec"]["replicatedJobs"][0]["template"]["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    assert container["resources"]["limits"] == container["resources"]["requests"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
