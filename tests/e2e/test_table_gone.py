"""A lease table that somebody deletes while bursts wait for machines: they have none, and would get some later."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.e2e.workspaces import Workspace, applied, until
from tideform.backends.training.batch.in_account import ending as batch
from tideform.backends.training.ec2.in_account import ending as ec2
from tideform.backends.training.sagemaker.in_account import ending as sagemaker
from tideform.burst.ownerless import sighted
from tideform.local.client import market
from tideform.registry.training import backends

pytestmark = pytest.mark.e2e
POOLS = ("batch", "ec2", "sagemaker")

SPEC = """\
version: 1
project: gone
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
storage: {models: {kind: models}}
training:
  batch: {instance_types: [c5.large], lease: 30m, job: &job {image: trainer, command: ["true"], outputs: [models]}}
  ec2: {backend: ec2, instance_types: [c5.large], lease: 30m, job: *job}
  sagemaker: {backend: sagemaker, instance_types: [ml.c5.xlarge], lease: 30m, job: *job}
  last: {backend: sagemaker, instance_types: [ml.c5.xlarge], lease: 30m, job: *job}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A burst of each pool that waits for machines, and no lease table."""
    with applied(tmp_path_factory.mktemp("gone"), SPEC) as made:
        market(made.folder, {"lack": [{"types": "c5.large"}, {"types": "ml.c5.xlarge"}]})
        begun = [made.start("burst", "run", pool, "--detach") for pool in (*POOLS, "last")]
        for pool in (*POOLS, "last"):
            until(lambda pool=pool: waits(made, pool), f"{pool} waits")  # type: ignore[misc]
        for burst in begun:
            if burst.process.poll() is None:  # on ec2 a command waits for the machines
                burst.signal(signal.SIGKILL)
                burst.process.wait()
        made.cloud.client("dynamodb").delete_table(TableName=made.deployment.physical_name("leases"))
        yield made


def waits(project: Workspace, pool: str) -> bool:
    """Whether the pool would get machines if there were any."""
    backend = project.deployment.spec.training[pool].backend
    handle = backends()[backend].handle(project.deployment, pool)
    if backend == "batch":
        return bool(batch.jobs(project.cloud, handle))
    if backend == "ec2":
        group = ec2.group(project.cloud, handle)
        return group is not None and ec2.asks(group)
    return bool(sagemaker.jobs(project.cloud, handle))


def test_status_says_what_ends_what_waits(project: Workspace) -> None:
    told = {one.pool: one.why for one in sighted(project.cloud, project.deployment).found}
    assert sorted(told) == sorted((*POOLS, "last"))
    assert all(f"`tideform burst down {pool}`" in why for pool, why in told.items())


@pytest.mark.parametrize("pool", POOLS)
def test_down_ends_what_waits(project: Workspace, pool: str) -> None:
    done = project.run("burst", "down", pool)
    assert (done.returncode, waits(project, pool)) == (0, False), done.stderr
    assert pool not in {one.pool for one in sighted(project.cloud, project.deployment).found}


def test_destroy_ends_what_waits_before_it_takes_anything_away(project: Workspace) -> None:
    done = project.run("destroy", "--yes")
    assert (done.returncode, waits(project, "last")) == (0, False), done.stderr
    assert "ended what stood of last" in done.stderr
