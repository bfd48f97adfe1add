"""Pools on other backends than Batch: their jobs start on a schedule while no command line runs, and nothing stays."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.e2e.workspaces import Workspace, applied, hourly, until
from tideform.burst.lease import State
from tideform.burst.table import LeaseTable
from tideform.local.client import advance_clock, clock
from tideform.reaper.endings import ending
from tideform.reaper.starting import starting
from tideform.registry.training import backends

pytestmark = pytest.mark.e2e
MINUTE = 60
LEASE = 12  # characters of its name

SPEC = """\
version: 1
project: elsewhere
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
storage: {models: {kind: models}}
training:
  trained:
    backend: sagemaker
    instance_types: [ml.m5.large]
    schedule: EACH HOUR
    lease: 1h
    checkpoint: {every: 5m}
    job:
      image: trainer
      code: src
      command: [python3, train.py]
      outputs: [models]
  worked:
    backend: ec2
    instance_types: [c5.large]
    schedule: EACH LATER HOUR
    lease: 30m
    checkpoint: {every: 5m}
    job: {image: trainer, code: src, command: [python3, train.py]}
"""
TRAIN = """\
import os, pathlib
pathlib.Path(os.environ["TIDEFORM_CHECKPOINT_DIR"], "done").write_text(os.environ["TIDEFORM_LEASE"])
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "src").mkdir()
    (folder / "src" / "train.py").write_text(TRAIN, encoding="utf-8")
    spec = SPEC.replace("EACH LATER HOUR", hourly(40)).replace("EACH HOUR", hourly(20))
    with applied(folder, spec) as made:
        yield made


def saved(project: Workspace, pool: str) -> list[str]:
    """What the pool's jobs have saved, run by run."""
    s3, bucket = project.cloud.client("s3"), project.deployment.unique_name("tideform-bursts")
    found = s3.list_objects_v2(Bucket=bucket, Prefix=f"checkpoints/{pool}/").get("Contents", [])
    return [s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read().decode() for one in found
            if one["Key"].endswith("/done")]  # fmt: skip


def given_back(project: Workspace, pool: str) -> bool:
    record = LeaseTable.of(project.cloud, project.deployment).get(pool)
    return record.state is State.IDLE and record.leases == ()


def forward_to_schedule(project: Workspace, pool: str) -> None:
    """On to the minute of the hour that the pool's schedule names."""
    schedule = project.deployment.spec.training[pool].schedule
    (minute,) = re.findall(r"cron\((\d+) ", schedule.expression if schedule else "")
    advance_clock(project.folder, (int(minute) * MINUTE - int(clock(project.folder)["now"])) % (60 * MINUTE))


@pytest.mark.parametrize("pool", ["trained", "worked"])
def test_the_job_runs_by_itself_and_everything_goes_again(project: Workspace, pool: str) -> None:
    before = saved(project, pool)
    forward_to_schedule(project, pool)
    until(lambda: len(saved(project, pool)) > len(before), "the job's checkpoint")
    (lease,) = set(saved(project, pool)) - set(before)
    handle = backends()[project.deployment.spec.training[pool].backend].handle(project.deployment, pool)
    until(lambda: not starting(handle["backend"]).working(project.cloud, handle), "the job to end")
    advance_clock(project.folder, 6 * MINUTE)
    until(lambda: given_back(project, pool), "the reaper to give the lease back")
    nodes = ending(handle["backend"]).nodes(project.cloud, handle)
    assert [node for node in nodes if node.ended is None] == []
    assert len(lease) == LEASE


def test_a_plan_finds_nothing_to_change_after_it(project: Workspace) -> None:
    planned = project.run("plan", "--detailed-exitcode")
    assert planned.returncode == 0, planned.stdout
