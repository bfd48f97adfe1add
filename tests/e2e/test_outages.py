"""Services that refuse in the middle of a burst: the work goes on, its end is carried out, and nothing is left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.workspaces import Running, Workspace, applied, until
from tideform.burst.lease import State
from tideform.burst.table import LeaseTable
from tideform.local.client import market

pytestmark = pytest.mark.e2e
POOLS = ("batch", "ec2")

SPEC = """\
version: 1
project: outage
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
storage: {scratch: {kind: scratch}}
training:
  batch: {instance_types: [c5.large], lease: 30m, job: &job {image: trainer, command: ["true"]}}
  ec2: {backend: ec2, instance_types: [c5.large], lease: 30m, job: *job}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with applied(tmp_path_factory.mktemp("outage"), SPEC) as made:
        yield made


@pytest.fixture(autouse=True)
def all_answer_again(project: Workspace) -> Iterator[None]:
    yield
    market(project.folder, {"clear": True})


def left(project: Workspace) -> list[object]:
    """Machines in the account, and each pool's record that is not idle."""
    table = LeaseTable.of(project.cloud, project.deployment)
    held = [record for pool in POOLS if (record := table.get(pool)).state is not State.IDLE or record.leases]
    return [*(one["InstanceId"] for one in project.instances()), *held]


def at_work(project: Workspace, over: Path) -> list[Running]:
    """A burst of each pool whose job has begun, and works until the file ``over`` is there."""
    begun = {pool: project.root / f"{over.name}-{pool}" for pool in POOLS}
    job = "touch {}; until [ -e {} ]; do sleep 0.1; done"
    bursts = [
        project.start("burst", "run", pool, "--", "sh", "-c", job.format(file, over)) for pool, file in begun.items()
    ]
    for pool, burst in zip(POOLS, bursts, strict=True):
        until(lambda pool=pool: begun[pool].exists(), f"the job of {pool} begins: {burst.stderr}")  # type: ignore[misc]
    return bursts


@pytest.mark.parametrize(
    ("ends_meanwhile", "told"),
    [(True, "The end is tried again"), (False, "The work goes on")],
    ids=["through the end", "through the work"],
)
def test_a_lease_table_that_is_away_for_a_while_ends_no_work_and_stops_no_end(
    project: Workspace, ends_meanwhile: bool, told: str
) -> None:
    over = project.root / f"over-{ends_meanwhile}"
    bursts = at_work(project, over)
    market(project.folder, {"throttle": {"share": 1, "services": ["dynamodb"], "error": "AccessDeniedException"}})
    if ends_meanwhile:
        over.touch()
    for burst in bursts:
        burst.says(told)
    market(project.folder, {"clear": True})
    over.touch()
    assert [burst.ended() for burst in bursts] == [0, 0], [burst.stderr for burst in bursts]
    assert left(project) == []


def test_a_job_whose_service_does_not_answer_is_listed_and_cancelled(project: Workspace) -> None:
    begun = project.run("burst", "run", "ec2", "--detach", "--json", "--", "sleep", "600")
    name = json.loads(begun.stdout)["job"]
    market(project.folder, {"throttle": {"share": 1, "services": ["ssm"], "error": "AccessDeniedException"}})
    listed = project.run("jobs", "ec2", "--json")
    told = json.loads(listed.stdout)
    assert (listed.returncode, [one["what"] for one in told["unasked"]]) == (1, ["jobs of ec2"]), listed.stderr
    assert [(one["name"], one["state"]) for one in told["jobs"]][:1] == [(name, "unknown")]
    cancels = project.start("jobs", "cancel", name, "--yes")
    until(lambda: project.instances() == [], f"the machines to end: {cancels.stderr}")
    market(project.folder, {"clear": True})
    assert (cancels.ended(), f"{name} is cancelled" in cancels.stderr) == (0, True), cancels.stderr
    assert left(project) == []


def test_bursts_of_which_a_third_of_all_calls_is_throttled_leave_nothing(project: Workspace) -> None:
    market(project.folder, {"throttle": {"share": 0.35, "seed": 7}})
    bursts = [project.start_by("tests.faults.hurried", "burst", "run", pool) for pool in POOLS]
    for burst in bursts:
        burst.ended()
    market(project.folder, {"clear": True})
    assert left(project) == [], [burst.stderr for burst in bursts]
