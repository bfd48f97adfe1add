"""A training job that a schedule begins: lease first, the request of `burst run`, and given back when it is over."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.unit.burst.permissions import actions_of, starter_may
from tests.unit.burst.reaper.leasing import HOUR, Bursts, make_table
from tests.unit.sandbox.sagemaker_training.conftest import Training
from tests.unit.sandbox.waiting import until
from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.backends.training.sagemaker.in_account import ending
from tideform.backends.training.sagemaker.names import HELD_BACK
from tideform.backends.training.sagemaker.room import Room
from tideform.backends.training.sagemaker.start import requests
from tideform.burst.carrying import Carried
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease, Mode
from tideform.burst.table import Terms
from tideform.cloud import Cloud
from tideform.local import client
from tideform.paths import Workspace
from tideform.process import Process
from tideform.reaper.keeper import STOPPER
from tideform.reaper.pools import Pools
from tideform.reaper.scheduled import JOB_OVER, NEVER_BEGAN
from tideform.reaper.starter import start
from tideform.reaper.starting.base import StartError
from tideform.registry.training import backends
from tideform.times import utc

_NUMBERS = count(1)
KEY = "arn:aws:kms:key"
JOB = {"image": "trainer", "outputs": ["models"]}


@dataclass
class Started:
    """One pool whose jobs start by themselves."""

    bursts: Bursts
    training: Training
    plan: dict[str, Any]

    def begin(self, later: float = 0.0) -> dict[str, Any]:
        pools = Pools(self.bursts.table.items)
        return start(self.training.cloud, pools, self.plan, self.bursts.began + later, lambda: True, lambda _: None)

    def leases(self) -> list[str]:
        return [lease.id for lease in self.bursts.table.get(self.plan["pool"]).leases]

    def jobs(self) -> list[str]:
        return [job["TrainingJobName"] for job in ending.jobs(self.training.cloud, self.plan["handle"])]

    def warm(self) -> list[str]:
        return [job["TrainingJobName"] for job in ending.warm_pools(self.training.cloud, self.plan["handle"])]

    def stopped(self) -> bool:
        return ending.stop(self.training.cloud, self.plan["handle"])

    def ended(self, job: str) -> bool:
        return self.training.job(job)["TrainingJobStatus"] in ("Completed", "Failed", "Stopped")


@pytest.fixture(scope="module")
def training(cloud: Cloud, workspace: Workspace) -> Training:
    return Training(cloud, client.ensure(workspace))


@pytest.fixture
def pool(training: Training) -> Iterator[Callable[..., Started]]:
    """Make a pool whose job is a shell command; it ends with the test."""
    made: list[Started] = []

    def make(command: str, **words: Any) -> Started:
        name = f"fit-{next(_NUMBERS)}"
        job = {**JOB, "command": ["sh", "-c", command], **words.pop("job", {})}
        one = {"backend": "sagemaker", "instance_types": ["ml.m5.large"], "lease": "1h", "job": job, **words}
        deployment = deployment_of({**FULL, "training": {name: one}}, Path("/nowhere"))
        plan: dict[str, Any] = {
            "pool": name,
            "handle": backends()["sagemaker"].handle(deployment, name),
            "prices": {"ml.m5.large": 0.115},
            "lease_seconds": HOUR,
            "cause": "schedule",
            "place": {"subnets": ["subnet-1"], "security_group": "sg-1", "key_arn": "arn:aws:kms:key"},
            "requests": requests(deployment, name, Carried(tuple(job["command"]))),
        }
        iam, trust = training.cloud.client("iam"), json.dumps({"Statement": []})
        iam.create_role(RoleName=plan["handle"]["role"], AssumeRolePolicyDocument=trust)
        bucket = plan["requests"][0]["OutputDataConfig"]["S3OutputPath"].split("/")[2]
        training.cloud.client("s3").create_bucket(Bucket=bucket)
        table = make_table(training.cloud, f"{name}-leases")
        made.append(Started(Bursts(table, began=float(int(time.time()))), training, plan))
        return made[-1]

    yield make
    for started in made:
        until(started.stopped)


def test_the_job_runs_under_a_lease_and_says_so(pool: Callable[..., Started]) -> None:
    started = pool("echo held by $TIDEFORM_LEASE")
    begun = started.begin()
    assert started.leases() == [begun["lease"]]
    assert ending.lease_of(started.plan["handle"], {"TrainingJobName": begun["job"]}) == begun["lease"]
    started.training.says(begun["job"], f"held by {begun['lease']}")
    arn = started.training.job(begun["job"])["TrainingJobArn"]
    tags = {tag["Key"]: tag["Value"] for tag in started.training.api.list_tags(ResourceArn=arn)["Tags"]}
    assert tags["tideform:lease"] == begun["lease"]
    assert tags["tideform:expires"] > "2020"


def test_no_mark_is_left_in_what_is_asked_for(pool: Callable[..., Started]) -> None:
    started = pool("true")
    job = started.training.job(started.begin()["job"])
    assert "<tideform:" not in json.dumps(job, default=str)
    assert job["VpcConfig"] == {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    assert job["OutputDataConfig"]["KmsKeyId"] == "arn:aws:kms:key"


def test_when_the_job_is_over_the_reaper_gives_the_lease_back(pool: Callable[..., Started]) -> None:
    started = pool("exit 3")
    begun = started.begin()
    until(lambda: started.ended(begun["job"]))
    assert f"{started.plan['pool']}: ended {begun['lease']}: {JOB_OVER}" in started.bursts.reap(300)["did"]
    assert started.leases() == []


def test_while_it_runs_it_is_left_alone_until_its_lease_is_over(pool: Callable[..., Started]) -> None:
    started = pool("echo up; sleep 600")
    begun = started.begin()
    started.training.says(begun["job"], "up")
    assert started.bursts.reap(300)["did"] == []
    assert "skipped" in started.begin(later=400)
    started.bursts.reap(HOUR + 1)
    until(lambda: started.ended(begun["job"]))
    assert (started.jobs(), started.leases()) == ([], [])


@pytest.mark.parametrize(
    ("spot", "bounds"),
    [
        ("only", {"MaxRuntimeInSeconds": HOUR, "MaxWaitTimeInSeconds": HOUR}),
        ("never", {"MaxRuntimeInSeconds": HOUR - HELD_BACK, "MaxPendingTimeInSeconds": 1800}),
    ],
)
def test_sagemaker_alone_ends_it_with_its_lease(pool: Callable[..., Started], spot: str, bounds: Any) -> None:
    started = pool("true", capacity={"spot": spot})
    found = started.training.job(started.begin()["job"])["StoppingCondition"]
    assert set(found) == set(bounds)
    assert all(bounds[key] - 30 <= found[key] <= bounds[key] for key in bounds)


def test_each_member_of_a_sweep_is_a_job(pool: Callable[..., Started]) -> None:
    sweep = {"grid": {"RATE": [1, 2]}, "at_once": 2}
    started = pool("echo rate $RATE; sleep 600", nodes=2, job={"sweep": sweep})
    started.begin()
    for number, name in enumerate(sorted(started.jobs())):
        started.training.says(name, f"rate {number + 1}")
    assert len(started.jobs()) == 2


def holding(started: Started, machines: int, owner: str = "ann") -> Lease:
    """Somebody's burst whose jobs have taken so many machines."""
    lease = lease_by(started, owner)
    item = started.bursts.table.item(started.plan["pool"])
    assert item is not None
    assert Pools(started.bursts.table.items).reserve(item, lease.id, machines)
    return lease


def lease_by(started: Started, owner: str) -> Lease:
    table, now = started.bursts.table, int(started.training.cloud.clock())
    process = Process(1, "elsewhere", "boot", "namespace", 1)
    lease = Lease(uuid4().hex[:12], started.plan["pool"], owner, process, Mode.RUN, now, now + HOUR, None)
    table.acquire(lease, Terms(started.plan["handle"], {}))
    return lease


def room(started: Started, most: int) -> Room:
    cloud, pool = started.training.cloud, started.plan["pool"]
    return Room(cloud, started.bursts.table, pool, started.plan["handle"], most, poll=0.01)


def waits(started: Started, lease: Lease, most: int) -> bool:
    """Whether it still waits after some looks."""
    looks, halt = count(), Halt()

    def enough() -> None:
        if next(looks) >= 3:
            raise TimeoutError

    halt.limits.append(enough)
    try:
        room(started, most).take(lease, 1, 1, halt)
    except TimeoutError:
        return True
    return False


def test_nothing_begins_by_itself_in_a_pool_that_others_have_filled(pool: Callable[..., Started]) -> None:
    started = pool("true")
    started.plan.update(machines=1, most=1)
    others = holding(started, 1)
    with pytest.raises(StartError, match="1 of 1 machines are taken, and its job wants 1"):
        started.begin()
    assert (started.jobs(), started.leases()) == ([], [others.id])


def test_what_begins_by_itself_takes_its_share(pool: Callable[..., Started]) -> None:
    started = pool("echo up; sleep 600")
    started.plan.update(machines=1, most=2)
    holding(started, 1)
    started.begin()
    assert waits(started, lease_by(started, "bob"), most=2)


def test_a_burst_waits_for_the_machines_that_others_have_taken(pool: Callable[..., Started]) -> None:
    started = pool("true")
    first, second = holding(started, 1), lease_by(started, "bob")
    assert waits(started, second, most=1)
    started.bursts.table.release(first, started.bursts.began)
    assert not waits(started, second, most=1)


def test_who_has_the_machines_that_are_waited_for_and_until_when_is_told_at_once(pool: Callable[..., Started]) -> None:
    started, said = pool("true"), list[str]()
    first = holding(started, 1)
    lease, looks, halt = lease_by(started, "bob"), count(), Halt(said.append)

    def enough() -> None:
        if next(looks) >= 3:
            raise TimeoutError

    halt.limits.append(enough)
    with pytest.raises(TimeoutError):
        room(started, 1).take(lease, 1, 1, halt)
    assert len(said) == 1  # in three looks
    assert f"others have 1 of its 1 machine ({first.owner} until {utc(first.deadline)}), and" in said[0]


def test_machines_of_a_burst_that_is_over_count_until_they_are_gone(pool: Callable[..., Started]) -> None:
    started = pool("echo up; sleep 600")
    over = started.begin()
    started.training.says(over["job"], "up")
    second = lease_by(started, "bob")
    held = {"owner": "schedule", "created": int(started.bursts.began)}
    Pools(started.bursts.table.items).release_shared(f"pool#{started.plan['pool']}", over["lease"], held, 0)
    assert waits(started, second, most=1)
    started.training.api.stop_training_job(TrainingJobName=over["job"])
    until(lambda: started.ended(over["job"]))
    assert not waits(started, second, most=1)


def test_of_many_that_ask_at_once_no_more_are_let_in_than_there_is_room_for(pool: Callable[..., Started]) -> None:
    started = pool("true")
    leases = [lease_by(started, f"user-{number}") for number in range(6)]
    with ThreadPoolExecutor(6) as threads:
        waiting = list(threads.map(lambda lease: waits(started, lease, most=2), leases))
    assert waiting.count(False) <= 2


def warm(started: Started, machines: int) -> str:
    """A job of a burst that is over, whose machines are warm; its name."""
    (wanted,) = [{**one} for one in started.plan["requests"]]
    wanted["TrainingJobName"] = f"{started.plan['handle']['job_prefix']}{uuid4().hex[:12]}-0-0"
    wanted["ResourceConfig"] = {**wanted["ResourceConfig"], "InstanceCount": machines, "VolumeKmsKeyId": KEY}
    wanted["VpcConfig"] = {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    wanted["OutputDataConfig"] = {**wanted["OutputDataConfig"], "KmsKeyId": KEY}
    image = wanted["AlgorithmSpecification"]["TrainingImage"]
    wanted["AlgorithmSpecification"] = {
        "TrainingImage": image,
        "TrainingInputMode": "File",
        "ContainerEntrypoint": ["true"],
    }
    started.training.api.create_training_job(**wanted)
    name = str(wanted["TrainingJobName"])
    until(lambda: started.warm() == [name])
    return name


@pytest.mark.parametrize(("most", "stays"), [(2, False), (3, True)])
def test_warm_machines_that_a_job_does_not_take_up_go_where_the_pool_has_no_room_for_both(
    pool: Callable[..., Started], most: int, stays: bool
) -> None:
    started = pool("echo up; sleep 600", capacity={"spot": "never"}, keep_alive="30m", nodes="1..4")
    started.plan.update(machines=1, most=most)
    warm(started, machines=2)
    started.begin()
    assert bool(started.warm()) is stays


def test_a_job_takes_up_warm_machines_like_those_that_it_wants(pool: Callable[..., Started]) -> None:
    started = pool("echo up; sleep 600", capacity={"spot": "never"}, keep_alive="30m")
    started.plan.update(machines=1, most=1)
    kept = warm(started, machines=1)
    begun = started.begin()
    until(lambda: started.warm() == [])
    assert started.training.job(kept)["WarmPoolStatus"]["ReusedByJob"] == begun["job"]


def test_a_burst_that_has_its_room_waits_until_warm_machines_in_its_way_are_gone(pool: Callable[..., Started]) -> None:
    started = pool("true", capacity={"spot": "never"}, keep_alive="30m")
    warm(started, machines=2)
    room(started, most=2).clear(holding(started, 1), started.plan["requests"][0], Halt())
    assert started.warm() == []


def test_a_sweep_takes_what_is_left(pool: Callable[..., Started]) -> None:
    started = pool("true")
    holding(started, 2)
    assert room(started, 5).take(lease_by(started, "bob"), nodes=1, at_once=8, halt=Halt()) == 3


def test_a_job_that_lost_all_its_tags_is_told_of_and_ends_after_its_grace(pool: Callable[..., Started]) -> None:
    started = pool("echo up; sleep 600")
    begun = started.begin()
    started.training.says(begun["job"], "up")
    pools, item = Pools(started.bursts.table.items), started.bursts.table.item(started.plan["pool"])
    assert item is not None
    stopping = pools.begin_stop(item["pk"], item["token"], STOPPER, started.bursts.began)
    assert stopping is not None
    pools.stopped(stopping, started.bursts.began)
    api, arn = started.training.api, started.training.job(begun["job"])["TrainingJobArn"]
    api.delete_tags(ResourceArn=arn, TagKeys=[tag["Key"] for tag in api.list_tags(ResourceArn=arn)["Tags"]])
    assert f"told of {begun['job']}#0 (ml.m5.large)" in " ".join(started.bursts.reap(0)["did"])
    assert f"ended {begun['job']}#0 (ml.m5.large)" in " ".join(started.bursts.reap(960)["did"])
    until(lambda: started.ended(begun["job"]))


def test_a_late_job_ends_while_somebody_else_holds_the_pool_and_theirs_go_on(pool: Callable[..., Started]) -> None:
    started = pool("echo up; sleep 600")
    over = started.begin()
    theirs = lease_by(started, "bob")
    started.bursts.table.up(theirs)
    held = {"owner": "schedule", "created": int(started.bursts.began)}
    Pools(started.bursts.table.items).release_shared(f"pool#{started.plan['pool']}", over["lease"], held, 0)
    assert (
        f"{started.plan['pool']}: ended the jobs of {over['lease']}, which holds nothing"
        in started.bursts.reap(0)["did"]
    )
    until(lambda: started.ended(over["job"]))
    assert started.leases() == [theirs.id]


def test_what_could_not_be_begun_whole_is_ended(pool: Callable[..., Started]) -> None:
    started = pool("echo up; sleep 600")
    broken = {**started.plan["requests"][0], "TrainingJobName": "not a name"}
    started.plan["requests"].append(broken)
    with pytest.raises(Exception, match="not a name"):
        started.begin()
    assert any(NEVER_BEGAN in line for line in started.bursts.reap(60)["did"])
    assert (started.jobs(), started.leases()) == ([], [])


def test_a_start_takes_no_action_that_its_role_may_not(pool: Callable[..., Started]) -> None:
    started = pool("true", capacity={"spot": "never"}, keep_alive="30m")
    started.plan.update(machines=1, most=1)
    warm(started, machines=2)
    with actions_of(started.training.cloud) as taken:
        started.begin()
    assert {"sagemaker:CreateTrainingJob", "sagemaker:UpdateTrainingJob"} <= taken
    assert taken - starter_may(backend="sagemaker", instance_types=["ml.m5.large"]) == set()
