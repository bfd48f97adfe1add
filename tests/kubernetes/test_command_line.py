"""The command line on the local target with a real cluster behind it: bursts come, run and go, however they end."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.workspaces import PATIENCE, Workspace, applied, until
from tests.kubernetes.cluster import Cluster
from tideform.backends.training.eks.in_account import ending as eks
from tideform.kube import Kube
from tideform.reaper.kubernetes_api import caller, token
from tideform.registry.training import backends
from tideform.spec.deployment import Deployment

SPEC = """\
version: 1
project: tidal
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
storage: {scratch: {kind: scratch}}
training:
  fit:
    backend: eks
    instance_types: [g5.xlarge]
    nodes: 1..2
    lease: 30m
    max_cost: 10 USD
    job: {image: trainer, command: [sleep, "2"], nodes: 2}
"""


@pytest.fixture(scope="module")
def project(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("tidal")
    with applied(folder, SPEC, TIDEFORM_KUBECONFIG=str(cluster.kubeconfig)) as made:
        yield made


def nodes(api: Kube) -> Callable[[], int]:
    """How many of the pool's nodes are there, in the cluster or on their way."""
    found = (("v1", "Node", "tideform.dev/pool"), ("karpenter.sh/v1", "NodeClaim", "karpenter.sh/nodepool"))
    return lambda: max(len(api.find(version, kind, labels={key: "tidal-dev-fit"})) for version, kind, key in found)


def test_a_run_brings_nodes_from_zero_and_leaves_none(project: Workspace, cluster: Cluster) -> None:
    count = nodes(cluster.api)
    assert count() == 0
    burst = project.start("burst", "run", "fit", "--yes")
    until(lambda: count() == 2 or burst.process.poll() is not None, "two nodes", seconds=2 * PATIENCE)
    began = time.monotonic()
    assert burst.process.wait(2 * PATIENCE) == 0, burst.stderr
    print(f"\nfrom two nodes to the command's end, with a job of two seconds: {time.monotonic() - began:.1f} s")
    assert count() == 0


def test_a_killed_run_is_ended_by_the_reapers_way_alone(project: Workspace, cluster: Cluster) -> None:
    count = nodes(cluster.api)
    burst = project.start("burst", "run", "fit", "--yes", "--", "sleep", "infinity")
    until(lambda: _running(cluster.api) == 2 or burst.process.poll() is not None, "two pods", seconds=2 * PATIENCE)
    assert burst.process.poll() is None, burst.stderr
    burst.signal(signal.SIGKILL)
    burst.ended()
    assert count() == 2
    began = time.monotonic()
    until(lambda: _reaped(project, cluster), "the reaper's end", seconds=2 * PATIENCE)
    print(f"\nfrom the reaper's first step to zero nodes {time.monotonic() - began:.1f} s")
    assert count() == 0
    assert _running(cluster.api) == 0


def _running(api: Kube) -> int:
    return sum(each.get("status", {}).get("phase") == "Running" for each in api.find("v1", "Pod", "tidal-dev-fit"))


def _reaped(project: Workspace, cluster: Cluster) -> bool:
    """One step of the reaper; the sandbox's EKS does not know the cluster's address, so that it is told here."""
    deployment: Deployment = project.deployment
    handle = backends()["eks"].handle(deployment, "fit")
    cloud = project.cloud
    call = caller(cluster.address, cluster.authority, token(cloud, handle["cluster"]))
    return eks.stop(cloud, handle, reach=call) and nodes(cluster.api)() == 0
