"""The pool's bound over all ways of buying on AWS Batch, on the real sandbox, with as many jobs as it can get."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.unit.burst.permissions import actions_of, starter_may
from tests.unit.burst.reaper.conftest import GROUP
from tests.unit.burst.reaper.leasing import make_table
from tests.unit.sandbox.waiting import until
from tideform.backends.training.batch.climb import Pace
from tideform.backends.training.batch.in_account import ending as batch
from tideform.backends.training.batch.runner import BatchRunner
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease, Mode, new_lease
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.errors import TideformError
from tideform.local import client
from tideform.paths import Workspace
from tideform.pools.worst_case import most_of
from tideform.reaper.pools import Pools
from tideform.reaper.starter import start
from tideform.spec.deployment import Deployment
from tideform.spec.project import Environment, Project

_NUMBERS = count(1)
Made = Callable[..., "Bought"]


@dataclass
class Bought:
    """A pool as `apply` leaves it: an environment for each way of buying, and a queue."""

    runner: BatchRunner
    lease: Lease
    workspace: Workspace

    @property
    def cloud(self) -> Cloud:
        return self.runner.cloud

    @property
    def handle(self) -> dict[str, Any]:
        return self.runner.handle

    def up(self) -> None:
        self.runner.up(self.lease, Halt())

    def tend(self, later: float = 0.0) -> list[str]:
        return batch.tend(self.cloud, self.handle, float(client.clock(self.workspace)["now"]) + later)

    def define(self, name: str, seconds: float = 0.3) -> None:
        """A job that takes a whole machine."""
        container = {
            "image": "trainer",
            "command": ["sleep", str(seconds)],
            "resourceRequirements": [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "3000"}],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": GROUP}},
        }
        self.cloud.client("batch").register_job_definition(
            jobDefinitionName=name, type="container", containerProperties=container
        )

    def submit(self, jobs: int, seconds: float = 0.3) -> list[str]:
        """Jobs that take a machine each."""
        api, name = self.cloud.client("batch"), f"job-{next(_NUMBERS)}"
        self.define(name, seconds)
        asked = {"jobQueue": self.handle["job_queue"], "jobDefinition": name}
        return [str(api.submit_job(jobName=f"fit-{n}", **asked)["jobId"]) for n in range(jobs)]

    def done(self, jobs: list[str]) -> bool:
        found = self.cloud.client("batch").describe_jobs(jobs=jobs)["jobs"]
        return all(job["status"] == "SUCCEEDED" for job in found)

    def machines(self) -> list[bool]:
        """What stands, as whether it is a spot machine."""
        return [one.spot for one in batch.nodes(self.cloud, self.handle) if one.state in ("pending", "running")]

    def most_until_done(self, jobs: list[str]) -> int:
        """How many machines stood at once at most until the jobs had ended."""
        most = [0]

        def look() -> bool:
            most[0] = max(most[0], len(self.machines()))
            self.tend()
            return self.done(jobs)

        until(look)
        return most[0]

    def states(self) -> list[tuple[str, int, int]]:
        return [
            (one["state"], one["computeResources"]["minvCpus"], one["computeResources"]["maxvCpus"])
            for one in batch.environments(self.cloud, self.handle)
        ]

    def end(self) -> None:
        until(lambda: batch.stop(self.cloud, self.handle))


@pytest.fixture
def made(cloud: Cloud, workspace: Workspace, ground: dict[str, Any], tmp_path: Path) -> Iterator[Made]:
    """Make a pool; arguments are its spec's."""
    all_: list[Bought] = []

    def make(*, ways: tuple[str, ...] = ("spot", "on-demand"), template: str = "", **spec: Any) -> Bought:
        name = f"fit-{next(_NUMBERS)}"
        job = {"image": "trainer", "command": ["env"]}
        pool = {"instance_types": ["c5.large"], "lease": "1h", "job": job, **spec}
        project = {"version": 1, "project": "rungs", "owner": "a@example.com", "region": "us-east-1"}
        whole = Project.model_validate({**project, "training": {name: pool}})
        deployment = Deployment(whole, "dev", Environment(target="local"), tmp_path / "tideform.yaml", "0" * 64)
        runner = BatchRunner(cloud, deployment, name, Pace(poll=0.05, start=20.0, linger=0.0))
        api, order = cloud.client("batch"), []
        for place, way in enumerate(ways, start=1):
            resources = {
                **ground,
                "type": "SPOT" if way == "spot" else "EC2",
                "allocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED" if way == "spot" else "BEST_FIT_PROGRESSIVE",
                "instanceTypes": list(pool["instance_types"]),
                "maxvCpus": runner.handle["max_vcpus"],
                "tags": runner.handle["tags"],
            }
            if template and way.startswith("cr-"):
                resources["launchTemplate"] = {"launchTemplateName": template}
            environment = f"{name}-{way}-abc"
            api.create_compute_environment(
                computeEnvironmentName=environment, type="MANAGED", computeResources=resources
            )
            order.append({"order": place, "computeEnvironment": environment})
        queue = runner.handle["job_queue"]
        api.create_job_queue(jobQueueName=queue, priority=1, state="DISABLED", computeEnvironmentOrder=order)
        lease = new_lease(name, whole.training[name], Mode.RUN, now=time.time(), hourly_usd=None)
        table = LeaseTable.of(cloud, deployment)
        if table.name not in cloud.client("dynamodb").list_tables()["TableNames"]:
            make_table(cloud, table.name)
        table.acquire(lease)
        all_.append(Bought(runner, lease, workspace))
        return all_[-1]

    yield make
    for one in all_:
        one.end()


@pytest.fixture
def script(workspace: Workspace) -> Iterator[Callable[..., Any]]:
    yield lambda **script: client.market(workspace, script)
    client.market(workspace, {"clear": True})


def test_all_ways_of_buying_together_hold_no_more_than_the_pool_may_have(made: Made) -> None:
    pool = made(nodes=2)
    pool.up()
    assert pool.most_until_done(pool.submit(8)) == 2


def test_two_bursts_on_a_pool_of_one_share_its_machine(made: Made) -> None:
    pool = made()
    pool.up()
    assert pool.most_until_done([*pool.submit(1), *pool.submit(1)]) == 1


def test_a_machine_that_starts_slowly_is_waited_for_and_not_bought_again(
    made: Made, script: Callable[..., Any], workspace: Workspace
) -> None:
    script(slow=[{"types": "c5.large", "seconds": 900}])
    pool = made()
    pool.up()
    jobs = pool.submit(1)
    client.advance_clock(workspace, 800)
    assert pool.tend() == []
    assert pool.machines() == [True]
    client.advance_clock(workspace, 200)
    assert pool.most_until_done(jobs) == 1


def test_what_the_spot_market_lacks_is_bought_on_demand_and_spot_is_shut(
    made: Made, script: Callable[..., Any]
) -> None:
    script(lack=[{"types": "c5.large", "market": "spot"}])
    pool = made(nodes=2)
    pool.up()
    assert pool.machines() == [False, False]
    assert pool.states() == [("DISABLED", 0, 4), ("ENABLED", 4, 4)]


def test_why_another_way_of_buying_is_tried_is_told(made: Made, script: Callable[..., Any]) -> None:
    said: list[str] = []
    script(lack=[{"types": "c5.large", "market": "spot"}])
    pool = made(nodes=2)
    pool.runner.up(pool.lease, Halt(said.append))
    (told,) = [line for line in said if line.endswith("The next way of buying is tried.")]
    assert told.startswith(f"{pool.runner.pool}-spot-")


def test_where_spot_brings_too_few_they_go_before_others_come(made: Made, script: Callable[..., Any]) -> None:
    script(quota=[{"family": "standard", "limit": 2, "spot": True}])
    pool = made(nodes=2)
    with pytest.raises(TideformError, match="The capacity did not come"):  # a quota ends the ladder
        pool.up()
    assert pool.machines() == []


def test_jobs_that_lost_their_spot_machine_get_one_on_demand(made: Made, script: Callable[..., Any]) -> None:
    pool = made()
    pool.up()
    script(lack=[{"types": "c5.large", "market": "spot"}])
    for node in batch.nodes(pool.cloud, pool.handle):
        pool.cloud.client("ec2").terminate_instances(InstanceIds=[node.id])
    until(lambda: not pool.machines())
    jobs = pool.submit(1)
    until(pool.tend)
    assert pool.most_until_done(jobs) == 1
    assert [state for state, *_ in pool.states()] == ["DISABLED", "ENABLED"]


def test_spot_that_stands_is_not_left_for_dearer_machines(made: Made, script: Callable[..., Any]) -> None:
    pool = made(nodes="1..2")
    pool.up()
    script(lack=[{"types": "c5.large", "market": "spot"}])
    jobs = pool.submit(3)
    assert pool.most_until_done(jobs) == 1
    assert [state for state, *_ in pool.states()] == ["ENABLED", "DISABLED"]


def test_jobs_that_wait_long_for_nothing_are_brought_on(made: Made) -> None:
    pool = made()
    pool.up()
    spot = batch.environments(pool.cloud, pool.handle)[0]
    batch.update(pool.cloud, spot, minvCpus=0)
    until(lambda: not pool.machines())
    batch.update(pool.cloud, spot, maxvCpus=0)  # nothing comes, and nobody says why
    jobs = pool.submit(1)
    assert pool.tend(later=590.0) == []
    assert "went on from" in pool.tend(later=610.0)[0]
    until(lambda: pool.done(jobs))


def test_what_comes_late_in_an_environment_that_was_shut_goes(made: Made, script: Callable[..., Any]) -> None:
    script(lack=[{"types": "c5.large", "market": "spot"}])
    pool = made(nodes=1)
    pool.up()
    script(clear=True)
    spot = batch.environments(pool.cloud, pool.handle)[0]
    batch.update(pool.cloud, spot, minvCpus=2, state="ENABLED")
    until(lambda: len(pool.machines()) == 2)
    batch.update(pool.cloud, spot, state="DISABLED")
    assert pool.tend() == ["ended 1 machine that came late"]
    assert pool.machines() == [False]


def test_a_reservation_is_used_beside_the_market_and_never_grows(made: Made, cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    reservation = ec2.create_capacity_reservation(
        InstanceType="c5.large",
        InstancePlatform="Linux/UNIX",
        AvailabilityZone="us-east-1a",
        InstanceCount=1,
        InstanceMatchCriteria="targeted",
    )["CapacityReservation"]["CapacityReservationId"]
    template = f"reserved-{next(_NUMBERS)}"
    target = {"CapacityReservationTarget": {"CapacityReservationId": reservation}}
    data = {"CapacityReservationSpecification": target}
    ec2.create_launch_template(LaunchTemplateName=template, LaunchTemplateData=data)
    pool = made(
        ways=(reservation, "spot", "on-demand"), template=template, nodes=3, capacity={"reservations": [reservation]}
    )
    pool.up()
    assert sorted(pool.machines()) == [False, True, True]
    assert pool.most_until_done(pool.submit(9)) == 3
    assert pool.states()[:2] == [("ENABLED", 2, 2), ("ENABLED", 4, 4)]


@pytest.fixture
def requests(cloud: Cloud) -> Iterator[list[dict[str, Any]]]:
    """What is asked of compute environments from here on."""
    asked: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        asked.append(json.loads(params["body"]))

    event = "before-call.batch.UpdateComputeEnvironment"
    cloud.client("batch").meta.events.register(event, note)
    yield asked
    cloud.client("batch").meta.events.unregister(event, note)


def tagged_with(pool: Bought) -> list[str | None]:
    """The lease that each environment's machines would name."""
    found = batch.environments(pool.cloud, pool.handle)
    return [one["computeResources"]["tags"].get("tideform:lease") for one in found]


def test_tags_never_go_with_a_size(made: Made, requests: list[dict[str, Any]]) -> None:
    pool = made(nodes=2)
    pool.up()
    asked = [one["computeResources"] for one in requests if "computeResources" in one]
    assert {one["minvCpus"] for one in asked if "tags" in one} == {0}
    assert [one["minvCpus"] for one in asked if one["minvCpus"]] == [4]


def test_every_way_of_buying_is_told_whose_its_machines_will_be_before_any_comes(made: Made) -> None:
    pool = made(nodes=2)
    pool.up()
    assert tagged_with(pool) == [pool.lease.id, pool.lease.id]


def test_the_next_way_of_buying_is_opened_without_another_update(
    made: Made, script: Callable[..., Any], requests: list[dict[str, Any]]
) -> None:
    script(lack=[{"types": "c5.large", "market": "spot"}])
    pool = made()
    pool.up()
    asked = [one["computeEnvironment"] for one in requests if "tags" in one.get("computeResources", {})]
    assert len(asked) == len(set(asked)) == 2


def test_one_that_was_told_nothing_is_told_before_it_is_opened(made: Made, script: Callable[..., Any]) -> None:
    pool = made()
    pool.up()
    script(lack=[{"types": "c5.large", "market": "spot"}])
    next_ = batch.environments(pool.cloud, pool.handle)[1]
    batch.update(pool.cloud, next_, minvCpus=0, tags=pool.handle["tags"])
    until(lambda: batch.environments(pool.cloud, pool.handle)[1]["status"] == "VALID")
    pool.cloud.client("ec2").terminate_instances(
        InstanceIds=[one.id for one in batch.nodes(pool.cloud, pool.handle) if one.state == "running"]
    )
    jobs = pool.submit(1)
    until(lambda: any("told" in said for said in pool.tend()))
    assert pool.most_until_done(jobs) == 1
    assert tagged_with(pool) == [pool.lease.id, pool.lease.id]


def test_the_worst_case_covers_the_machine_by_which_batch_exceeds_its_bound(made: Made) -> None:
    pool = made(instance_types=["c5.large", "c5.4xlarge"], nodes=2)
    most = most_of(pool.runner.deployment.spec.training[pool.runner.pool])
    assert most is not None
    pool.up()
    environment = batch.environments(pool.cloud, pool.handle)[0]
    batch.update(pool.cloud, environment, minvCpus=4)
    script = [node.type for node in batch.nodes(pool.cloud, pool.handle)]
    held = sum({"c5.large": 0.085, "c5.4xlarge": 0.68}[kind] for kind in script)
    assert held <= most.hourly
    assert str(most) == "2 x c5.large, and 1 x c5.4xlarge more (Batch may exceed a bound by one machine)"


def test_a_start_by_itself_takes_no_action_that_its_role_may_not(made: Made) -> None:
    pool = made(nodes=2)
    pool.define(pool.handle["job_definition"])
    plan = {
        "pool": pool.handle["pool"],
        "handle": pool.handle,
        "prices": {"c5.large": 0.085},
        "lease_seconds": 3600,
        "cause": "schedule",
        "parameter": "containerOverrides",
    }
    pools = Pools(LeaseTable.of(pool.cloud, pool.runner.deployment).items)
    with actions_of(pool.cloud) as taken:
        start(pool.cloud, pools, plan, time.time(), lambda: True, lambda _: None)
    assert "batch:SubmitJob" in taken
    assert taken - starter_may() == set()
