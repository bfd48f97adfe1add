"""What the real Kueue and the real Karpenter do with our pools: nodes from zero, whole gangs, and zero again."""

from __future__ import annotations

import time
from typing import Any

from tests.kubernetes.cluster import Cluster
from tests.kubernetes.instance_types import REGION
from tests.kubernetes.jobs import KINDS, Burst, PoolInCluster
from tests.kubernetes.rendered import INSTANCE_TYPE, JOB, Object
from tideform.components.kubernetes.efa import ADAPTER


def gang(nodes: int) -> dict[str, Any]:
    """Fields of a pool whose jobs take ``nodes`` nodes together."""
    return {"nodes": nodes, "job": {**JOB, "nodes": nodes}}


def test_nothing_is_let_in_between_bursts(cluster: Cluster) -> None:
    pool = PoolInCluster(cluster, "closed", nodes=1)
    early = pool.submit(runs=1)
    pool.wait("Kueue sees the job", lambda: workloads(pool))
    assert not early.admitted()
    assert pool.gone()
    pool.open()
    pool.wait("the job's end", early.ending)
    assert early.ending() == ("Complete", "CompletionsReached")


def test_a_queued_gang_brings_gpu_nodes_from_zero_and_its_end_takes_them_away(cluster: Cluster) -> None:
    pool = PoolInCluster(cluster, "tide", **gang(3))
    pool.open()
    assert pool.gone()
    started = time.monotonic()
    burst = pool.submit(nodes=3, runs=3)
    pool.wait("three nodes", lambda: len(pool.nodes()) == 3)
    up = time.monotonic()
    assert [(label(node, "node.kubernetes.io/instance-type"), label(node, "karpenter.sh/capacity-type"))
            for node in pool.nodes()] == [(INSTANCE_TYPE, "spot")] * 3  # fmt: skip
    pool.wait("the end of the gang", burst.ending)
    ended = time.monotonic()
    assert burst.ending() == ("Completed", "AllJobsCompleted")
    pool.wait("zero nodes", pool.gone)
    print(
        f"\nthree nodes from zero in {up - started:.1f} s; from the job's end to zero nodes"
        f" {time.monotonic() - ended:.1f} s, of which 30 s are the pool's consolidateAfter"
    )


def test_a_job_with_secrets_is_let_in_with_what_fetches_them(cluster: Cluster) -> None:
    pool = PoolInCluster(cluster, "secrets", nodes=1, job={**JOB, "secrets": {"TOKEN": "secret:hub"}})
    pool.open()
    burst = pool.submit()
    pool.wait("it runs", lambda: burst.running() == 1)
    (pod,) = burst.pods()
    assert [each["name"] for each in pod["spec"]["initContainers"]] == ["fetch-secrets"]
    end(pool, burst)


def test_a_gang_with_adapters_gets_machines_that_have_them_in_one_zone(cluster: Cluster) -> None:
    fields = {**gang(2), "instance_types": ["p4d.24xlarge"], "interconnect": "efa", "zones": ["b"]}
    pool = PoolInCluster(cluster, "adapters", **fields)
    pool.open()
    burst = pool.submit(nodes=2, runs=3)
    pool.wait("two nodes", lambda: len(pool.nodes()) == 2)
    assert [node["status"]["allocatable"][ADAPTER] for node in pool.nodes()] == ["4", "4"]
    assert {label(node, "topology.kubernetes.io/zone") for node in pool.nodes()} == {f"{REGION}b"}
    pool.wait("the end of the gang", burst.ending)
    assert burst.ending() == ("Completed", "AllJobsCompleted")


def test_a_second_gang_waits_for_the_quota_as_a_whole(cluster: Cluster) -> None:
    pool = PoolInCluster(cluster, "quota", **gang(2))
    pool.open()
    first = pool.submit(nodes=2, runs=15)
    pool.wait("the first has its nodes", lambda: len(pool.claims()) == 2)
    second = pool.submit(nodes=2, runs=1)
    seen: list[tuple[bool, int]] = []

    def first_ended() -> bool:
        look = (second.admitted(), len(pool.claims()))
        if first.ending():
            return True
        seen.append(look)
        return False

    pool.wait("the end of the first", first_ended)
    pool.wait("the end of the second", second.ending)
    assert second.ending() == ("Completed", "AllJobsCompleted")
    assert seen
    assert not any(admitted for admitted, _ in seen)
    assert max(claims for _, claims in seen) <= 2


def test_a_job_takes_the_place_of_what_merely_holds_nodes(cluster: Cluster) -> None:
    pool = PoolInCluster(cluster, "held", nodes=1)
    pool.open()
    holder = pool.hold()
    pool.wait("the holder runs", lambda: holder.running() == 1)
    pool.wait("Kueue knows that it does", lambda: ready(pool))
    held = names(pool.claims())
    burst = pool.submit(runs=2)
    pool.wait("the job's end", burst.ending)
    assert burst.ending() == ("Complete", "CompletionsReached")
    assert names(pool.claims()) == held


def test_a_gang_that_loses_a_pod_with_its_machine_begins_again_together(cluster: Cluster) -> None:
    pool = PoolInCluster(cluster, "reclaim", **gang(2))
    pool.open()
    burst = pool.submit(nodes=2)
    pool.wait("both run", lambda: burst.running() == 2)
    first = names(burst.pods())
    evict(pool, min(first))  # as Karpenter does when EC2 takes a machine back
    pool.wait("both run anew", lambda: burst.running() == 2 and not names(burst.pods()) & first)
    assert (burst.found() or {})["status"]["restarts"] == 1
    end(pool, burst)


def test_a_job_whose_lease_is_over_is_ended_and_its_nodes_go(cluster: Cluster) -> None:
    pool = PoolInCluster(cluster, "deadline", nodes=1)
    soon = {"disruption": {"consolidateAfter": "1s"}}  # of the 30 seconds that the test of a gang waits for
    pool.api.patch("karpenter.sh/v1", "NodePool", pool.id, None, {"spec": soon})
    pool.open()
    burst = pool.submit(rest=20)
    pool.wait("it runs", lambda: burst.running() == 1)
    pool.wait("its deadline", burst.ending)
    assert burst.ending() == ("Failed", "DeadlineExceeded")
    pool.wait("zero nodes", pool.gone)


def test_a_node_whose_lease_is_over_goes_with_a_job_still_on_it(cluster: Cluster) -> None:
    pool = PoolInCluster(cluster, "expiry", nodes=1)
    shorter = {"expireAfter": "15s", "terminationGracePeriod": "5s"}  # of 6 hours and 5 minutes
    pool.api.patch("karpenter.sh/v1", "NodePool", pool.id, None, {"spec": {"template": {"spec": shorter}}})
    pool.open()
    burst = pool.submit()
    pool.wait("it runs", lambda: burst.running() == 1)
    first = names(pool.claims())
    pool.wait("the end of the node", lambda: not names(pool.claims()) & first)
    end(pool, burst)


def workloads(pool: PoolInCluster) -> list[Object]:
    """What Kueue has in the pool's queue."""
    return pool.api.find("kueue.x-k8s.io/v1beta2", "Workload", pool.id)


def ready(pool: PoolInCluster) -> bool:
    """Whether all that Kueue let in runs."""
    conditions = [each for found in workloads(pool) for each in found.get("status", {}).get("conditions") or []]
    return any(each["type"] == "PodsReady" and each["status"] == "True" for each in conditions)


def label(node: Object, key: str) -> str:
    """One label of a node."""
    return str(node["metadata"]["labels"].get(key))


def names(objects: list[Object]) -> set[str]:
    """What they are called."""
    return {each["metadata"]["name"] for each in objects}


def evict(pool: PoolInCluster, pod: str) -> None:
    """Ask for a pod's end through the API that drains use."""
    metadata = {"name": pod, "namespace": pool.id}
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
    pool.api.request("POST", f"/api/v1/namespaces/{pool.id}/pods/{pod}/eviction", body)


def end(pool: PoolInCluster, burst: Burst) -> None:
    """Take a job away that would go on."""
    pool.api.delete(KINDS[burst.kind], burst.kind, burst.name, pool.id, propagation="Background")
