"""The reaper's way down, with the command line dead and the Kubernetes API in reach."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.kubernetes.cluster import Cluster
from tests.kubernetes.instance_types import REGION
from tests.kubernetes.jobs import PoolInCluster
from tests.kubernetes.rendered import JOB, pool_deployment
from tideform.backends.training.eks.in_account import ending as eks
from tideform.cloud import Cloud
from tideform.components.kubernetes.names import EksNames
from tideform.components.kubernetes.reaper_access import permissions
from tideform.registry.training import backends
from tideform.spec.deployment import SANDBOX_ACCOUNT


@pytest.fixture
def admitted(cluster: Cluster) -> Iterator[None]:
    """What our programs let the reaper do in a cluster, and nothing beyond it."""
    objects = permissions(EksNames(pool_deployment("reaped")))
    for each in objects:
        cluster.api.apply(each)
    yield
    for each in objects:
        cluster.api.delete(each["apiVersion"], each["kind"], each["metadata"]["name"])


@pytest.fixture
def account(cluster: Cluster, admitted: None) -> Iterator[Cloud]:
    """An account whose EKS tells of the cluster, and whose calls go nowhere else."""
    with mock_aws():
        cloud = Cloud(REGION, SANDBOX_ACCOUNT)
        cloud.session = boto3.Session("testing", "testing", region_name=REGION)
        yield cloud


def test_the_reaper_alone_drains_a_pool_to_zero_and_keeps_it_there(cluster: Cluster, account: Cloud) -> None:
    pool = PoolInCluster(cluster, "reaped", nodes=2, job={**JOB, "nodes": 2})
    handle = backends()["eks"].handle(pool.deployment, pool.name)
    _declare(account, cluster, handle)
    pool.open()
    running, waiting = pool.submit(nodes=2), pool.submit(nodes=2)
    pool.wait("it runs", lambda: running.running() == 2)

    began = time.monotonic()
    assert not eks.stop(account, handle)
    pool.wait("the end", lambda: eks.stop(account, handle))
    print(f"\nfrom the reaper's first step to zero nodes {time.monotonic() - began:.1f} s")

    assert pool.gone()
    assert running.found() is None
    assert waiting.found() is None
    assert eks.denied(account, handle)
    late = pool.submit(nodes=2)
    pool.wait("Kueue sees a late job", lambda: pool.api.find("kueue.x-k8s.io/v1beta2", "Workload", pool.id))
    assert not late.admitted()
    assert pool.gone()
    pool.wait("the end again", lambda: eks.stop(account, handle))
    assert late.found() is None


def _declare(account: Cloud, cluster: Cluster, handle: Any) -> None:
    from moto.eks.models import eks_backends

    trust = '{"Version": "2012-10-17", "Statement": []}'
    role = account.client("iam").create_role(RoleName=handle["karpenter_role"], AssumeRolePolicyDocument=trust)
    account.client("eks").create_cluster(
        name=handle["cluster"], roleArn=role["Role"]["Arn"], resourcesVpcConfig={"subnetIds": []}
    )
    made = eks_backends[SANDBOX_ACCOUNT][REGION].clusters[handle["cluster"]]
    made.endpoint, made.certificate_authority = cluster.address, {"data": cluster.authority}
