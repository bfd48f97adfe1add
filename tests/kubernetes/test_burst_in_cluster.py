"""What the real Kueue and the real Karpenter do with our pools: nodes from zero, whole gangs, and zero again."""

from __future__ import annotations

import time

from tests.kubernetes.cluster import Cluster
from tests.kubernetes.jobs import PoolInCluster


def test_nothing_is_let_in_between_bursts(cluster: Cluster) -> None:
    pool = PoolInCluster(cluster, "closed", nodes=1)
    pool.submit("early", nodes=1, runs="1s")
    held = pool.wait("the workload is seen", lambda: _workloads(pool))
    assert not pool.admitted("early")
    assert pool.gone()
    pool.open()
    pool.wait("the queue lets it in", lambda: pool.admitted("early"))
    assert len(held) == 1


def test_a_queued_gang_brings_gpu_nodes_from_zero_and_its_end_takes_them_away(cluster: Cluster) -> None:
    pool = PoolInCluster(cluster, "tide", nodes=3)
    pool.open()
    assert pool.gone()
    started = time.monotonic()
    pool.submit("train", nodes=3, runs="3s")
    pool.wait("three nodes", lambda: len(pool.nodes()) == 3)
    up = time.monotonic()
    assert {each["metadata"]["labels"]["node.kubernetes.io/instance-type"] for each in pool.nodes()} == {"g5.12xlarge"}
    assert {each["metadata"]["labels"]["karpenter.sh/capacity-type"] for each in pool.nodes()} == {"spot"}
    pool.wait("the end of the job", lambda: pool.condition("train"))
    ended = time.monotonic()
    assert pool.condition("train") == ("Complete", "CompletionsReached")
    pool.wait("zero nodes", pool.gone)
    print(
        f"\nthree nodes from zero in {up - started:.1f} s; from the job's end to zero nodes"
        f" {time.monotonic() - ended:.1f} s, of which 30 s are the pool's consolidateAfter"
    )


def test_a_second_gang_waits_for_the_quota(cluster: Cluster) -> None:
    pool = PoolInCluster(cluster, "quota", nodes=2)
    pool.open()
    pool.submit("first", nodes=2, runs="8s")
    pool.wait("the first is let in", lambda: pool.admitted("first"))
    pool.submit("second", nodes=2, runs="1s")
    most = 0

    def first_ended() -> bool:
        nonlocal most
        most = max(most, len(pool.claims()))
        if pool.condition("first"):
            return True
        assert not pool.admitted("second") or pool.condition("first")
        return False

    pool.wait("the end of the first", first_ended)
    pool.wait("the end of the second", lambda: pool.condition("second"))
    assert pool.condition("second") == ("Complete", "CompletionsReached")
    assert most <= 2


def _workloads(pool: PoolInCluster) -> list[dict[str, object]]:
    return pool.api.find("kueue.x-k8s.io/v1beta1", "Workload", pool.id)
