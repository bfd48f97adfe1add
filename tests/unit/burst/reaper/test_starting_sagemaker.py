"""A training job that a schedule begins: lease first, the request of `burst run`, and given back when it is over."""

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
from tests.unit.burst.reaper.leasing import HOUR, Bursts, make_table
from tests.unit.sandbox.sagemaker_training.conftest import Training
from tests.unit.sandbox.waiting import until
from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.burst.carrying import Carried
from tideform.burst.reaper.endings import sagemaker as ending
from tideform.burst.reaper.pools import Pools
from tideform.burst.reaper.scheduled import JOB_OVER, NEVER_BEGAN
from tideform.burst.reaper.starter import start
from tideform.burst.sagemaker_start import requests
from tideform.catalogue.training._sagemaker import HELD_BACK
from tideform.catalogue.training.base import backends
from tideform.cloud import Cloud
from tideform.paths import Workspace
from tideform.sandbox import client

_NUMBERS = count(1)
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


def test_what_could_not_be_begun_whole_is_ended(pool: Callable[..., Started]) -> None:
    started = pool("echo up; sleep 600")
    broken = {**started.plan["requests"][0], "TrainingJobName": "not a name"}
    started.plan["requests"].append(broken)
    with pytest.raises(Exception, match="not a name"):
        started.begin()
    assert any(NEVER_BEGAN in line for line in started.bursts.reap(60)["did"])
    assert (started.jobs(), started.leases()) == ([], [])


def test_a_start_takes_no_action_that_its_role_may_not(pool: Callable[..., Started]) -> None:
    started = pool("true")
    with actions_of(started.training.cloud) as taken:
        started.begin()
    assert "sagemaker:CreateTrainingJob" in taken
    assert taken - starter_may(backend="sagemaker", instance_types=["ml.m5.large"]) == set()
