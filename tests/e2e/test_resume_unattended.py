"""Jobs on EC2 that nobody follows, and that the spot market takes off their machine: the account goes on with them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.interrupting import starts
from tests.e2e.workspaces import Workspace, applied, hourly, until
from tideform.burst.lease import State
from tideform.burst.table import LeaseTable
from tideform.local import client

pytestmark = pytest.mark.e2e
ROUND, MINUTE = 360, 60  # seconds: the reaper comes every five minutes
STEPS = 100

SPEC = """\
version: 1
project: alone
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
training:
  hourly:
    backend: ec2
    instance_types: [c5.large]
    capacity: {spot: only, fallback: none}
    schedule: EACH HOUR
    lease: 1h
    checkpoint: {every: 1s}
    job: {image: trainer, code: job, command: [python, count.py, "100"]}
  pair:
    backend: ec2
    instance_types: [c5.large]
    nodes: 2..2
    capacity: {spot: only, fallback: none}
    lease: 1h
    checkpoint: {every: 1s}
    job: {image: trainer, code: job, nodes: 2, command: [python, count.py, "100"]}
"""
# The first rank saves. It dies of the SIGTERM before its machine goes, as plain scripts do.
COUNT = """\
import os, sys, time
from tideform.checkpoint import Checkpoints
checkpoints, rank = Checkpoints(), os.environ.get("RANK", "0")
found = checkpoints.latest()
step = found.step if found else 0
print("from", step, flush=True)
while step < int(sys.argv[1]):
    time.sleep(0.1)
    step += 1
    if rank == "0" and checkpoints.should_save():
        checkpoints.save(step, lambda path: path.write_text(str(step)))
print("counted", step, flush=True)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("alone")
    (folder / "job").mkdir()
    (folder / "job" / "count.py").write_text(COUNT, encoding="utf-8")
    with applied(folder, SPEC.replace("EACH HOUR", hourly(40))) as made:
        yield made


def by_schedule(project: Workspace) -> str:
    """On to the schedule's minute; the job's name."""
    schedule = project.deployment.spec.training["hourly"].schedule
    (minute,) = re.findall(r"cron\((\d+) ", schedule.expression if schedule else "")
    now = int(client.clock(project.folder)["now"])
    client.advance_clock(project.folder, (int(minute) * MINUTE - now) % (60 * MINUTE))
    until(lambda: listed(project, "hourly"), "the schedule's job")
    return str(listed(project, "hourly")[0]["name"])


def by_command(project: Workspace) -> str:
    done = project.run("burst", "run", "pair", "--detach", "--json")
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["job"])


def listed(project: Workspace, pool: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(project.run("jobs", pool, "-o", "json").stdout)["jobs"]
    return found


def saved(project: Workspace, pool: str) -> int:
    """The highest step of the pool's checkpoints."""
    s3, bucket = project.cloud.client("s3"), project.deployment.unique_name("tideform-bursts")
    found = s3.list_objects_v2(Bucket=bucket, Prefix=f"checkpoints/{pool}/").get("Contents", [])
    return max((int(number) for one in found for number in re.findall(r"step-(\d+)", one["Key"])), default=-1)


def reclaim_one(project: Workspace, notice: float) -> None:
    node = next(one["InstanceId"] for one in project.instances() if one["State"]["Name"] == "running")
    client.market(project.folder, {"reclaim": [{"instance": node, "notice": notice}]})
    until(lambda: node not in {one["InstanceId"] for one in project.instances()}, "the machine is gone")


@pytest.mark.parametrize(("pool", "begun"), [("hourly", by_schedule), ("pair", by_command)])
def test_a_job_whose_spot_machine_is_taken_back_goes_on_where_it_was(project: Workspace, pool: str, begun: Any) -> None:
    name = begun(project)
    until(lambda: saved(project, pool) >= 5, "a checkpoint")
    reclaim_one(project, 2)
    client.advance_clock(project.folder, ROUND)
    until(lambda: listed(project, pool)[0]["state"] == "succeeded", "the job's next attempt to succeed")
    lines = project.run("logs", name).stdout
    first, second, *more = starts(lines)
    assert (first, second >= 5, more) == (0, True, []), lines
    assert f"counted {STEPS}" in lines.splitlines()[-1]
    assert listed(project, pool)[0]["attempts"] == 2
    client.advance_clock(project.folder, ROUND)
    idle = LeaseTable.of(project.cloud, project.deployment)
    until(lambda: idle.get(pool).state is State.IDLE, "the reaper to give the lease back")
    assert project.instances() == []
