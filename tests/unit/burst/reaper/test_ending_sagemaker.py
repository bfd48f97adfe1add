"""How capacity of SageMaker ends: jobs are stopped, warm pools let go, and every second of a machine is told."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from tests.unit.sandbox.sagemaker_training.conftest import BUCKET, Training
from tests.unit.sandbox.waiting import until
from tideform.backends.training.sagemaker.in_account import ending as sagemaker
from tideform.cloud import Cloud
from tideform.local import client
from tideform.paths import Workspace
from tideform.reaper.endings import ending
from tideform.reaper.unheld import Sight, look_for_jobs

_NUMBERS = count(1)
PRICE = 0.115  # ml.m5.large, USD an hour
WARM = {"KeepAlivePeriodInSeconds": 1800}


@dataclass
class Pool:
    """One pool: its handle, and jobs as a burst of a lease would make them."""

    training: Training
    handle: dict[str, Any]

    def start(self, *command: str, lease: str = "lease", **settings: Any) -> str:
        tags = [{"Key": key, "Value": value} for key, value in self.handle["tags"].items()]
        name = f"{self.handle['job_prefix']}{lease}-{next(_NUMBERS)}-0"
        return self.training.create(*(command or ("echo up; sleep 300",)), name=name, Tags=tags, **settings)

    def up(self, **settings: Any) -> str:
        name = self.start(**settings)
        self.training.says(name, "up")
        return name

    def stopped(self) -> None:
        until(lambda: sagemaker.stop(self.training.cloud, self.handle))

    def seconds(self) -> float:
        """What its nodes tell in seconds of list price."""
        nodes = sagemaker.nodes(self.training.cloud, self.handle)
        return sum((time.time() if node.ended is None else node.ended) - node.launched for node in nodes)


@pytest.fixture(scope="module")
def training(cloud: Cloud, workspace: Workspace) -> Training:
    cloud.client("s3").create_bucket(Bucket=BUCKET)
    cloud.client("iam").create_role(RoleName="training", AssumeRolePolicyDocument=json.dumps({"Statement": []}))
    return Training(cloud, client.ensure(workspace))


@pytest.fixture
def pool(training: Training) -> Pool:
    number = next(_NUMBERS)
    tags = {"tideform:project": "p", "tideform:environment": "dev", "tideform:unit": f"fit{number}"}
    return Pool(training, {"backend": "sagemaker", "pool": "fit", "job_prefix": f"p-dev-fit-{number}-", "tags": tags})


def test_it_is_found_by_the_backends_name() -> None:
    assert ending("sagemaker") is sagemaker


def test_every_job_is_stopped_and_every_warm_pool_let_go(pool: Pool) -> None:
    done = pool.start("true", lease="before", resources=WARM)
    pool.training.reaches(done, "Completed")
    names = [pool.up(), pool.up(nodes=2, lease="other")]
    pool.stopped()
    assert {pool.training.job(name)["TrainingJobStatus"] for name in names} == {"Stopped"}
    assert pool.training.job(done)["WarmPoolStatus"]["Status"] == "Terminated"


def test_a_job_that_lost_some_of_its_tags_is_stopped_all_the_same(pool: Pool) -> None:
    name = pool.up()
    arn = pool.training.job(name)["TrainingJobArn"]
    pool.training.api.delete_tags(ResourceArn=arn, TagKeys=["tideform:project"])
    pool.stopped()
    assert pool.training.job(name)["TrainingJobStatus"] == "Stopped"


def test_a_job_whose_tags_are_another_projects_is_left_alone(pool: Pool) -> None:
    name = pool.up()
    arn = pool.training.job(name)["TrainingJobArn"]
    pool.training.api.add_tags(ResourceArn=arn, Tags=[{"Key": "tideform:project", "Value": "other"}])
    assert sagemaker.stop(pool.training.cloud, pool.handle)
    assert pool.training.job(name)["TrainingJobStatus"] == "InProgress"


def test_whose_jobs_go_on_is_told_by_their_names(pool: Pool) -> None:
    pool.up(lease="one")
    pool.up(lease="two")
    assert sagemaker.leases_of_jobs(pool.training.cloud, pool.handle) == {"one", "two"}
    sagemaker.end_jobs(pool.training.cloud, pool.handle, "one")
    until(lambda: sagemaker.leases_of_jobs(pool.training.cloud, pool.handle) == {"two"})


def test_a_job_of_a_pool_without_an_item_is_found_by_the_specs_handle_and_says_itself_when_it_is_over(
    pool: Pool,
) -> None:
    found: dict[str, Sight] = {}
    pool.handle["tags"]["tideform:expires"] = "2030-01-01T00:00:00Z"
    name = pool.up()
    look_for_jobs(pool.training.cloud, [], {"fit": pool.handle}, found, lambda _, work: work())
    assert [source.name for source in found["fit"].sources] == [name]
    before, after = (datetime(year, 6, 1, tzinfo=UTC).timestamp() for year in (2029, 2030))
    assert (found["fit"].over(before), found["fit"].over(after)) == (False, True)


def test_stopping_is_not_done_while_something_is_left(pool: Pool) -> None:
    pool.up()
    assert sagemaker.stop(pool.training.cloud, pool.handle) is False
    pool.stopped()


def test_nothing_is_nothing_to_stop(pool: Pool) -> None:
    assert sagemaker.stop(pool.training.cloud, pool.handle) is True


def test_jobs_of_that_name_without_the_tags_are_left_alone(pool: Pool) -> None:
    name = pool.training.create("echo up; sleep 300", name=f"{pool.handle['job_prefix']}lease-9-0")
    assert sagemaker.stop(pool.training.cloud, pool.handle) is True
    assert sagemaker.nodes(pool.training.cloud, pool.handle) == []
    pool.training.api.stop_training_job(TrainingJobName=name)


def test_only_a_leases_jobs_end_with_it(pool: Pool) -> None:
    mine, other = pool.up(lease="mine"), pool.up(lease="other")
    sagemaker.end_jobs(pool.training.cloud, pool.handle, "mine")
    pool.training.reaches(mine, "Stopped")
    assert pool.training.job(other)["TrainingJobStatus"] == "InProgress"
    pool.stopped()


def test_each_instance_is_a_node(pool: Pool) -> None:
    name = pool.up(nodes=2)
    nodes = sagemaker.nodes(pool.training.cloud, pool.handle)
    assert [(n.id, n.type, n.ended) for n in nodes] == [(f"{name}#{i}", "ml.m5.large", None) for i in (0, 1)]
    pool.stopped()


def test_a_job_that_waits_for_machines_has_no_node(pool: Pool) -> None:
    pool.training.market(lack=[{"types": "ml.m5.large", "market": "spot"}])
    pool.start(spot=True)
    assert sagemaker.nodes(pool.training.cloud, pool.handle) == []
    pool.training.market(clear=True)
    pool.stopped()


@pytest.mark.parametrize("settings", [{}, {"spot": True}, {"nodes": 2}, {"resources": WARM}])
def test_what_has_ended_is_told_as_the_account_has_it(pool: Pool, settings: dict[str, Any]) -> None:
    name = pool.up(**settings)
    pool.training.advance(600)
    pool.training.api.stop_training_job(TrainingJobName=name)
    pool.training.reaches(name, "Stopped")
    pool.training.advance(300)
    pool.stopped()
    bill = sum(entry["dollars"] for entry in pool.training.bill(name))
    assert pool.seconds() * PRICE / 3600 == pytest.approx(bill, rel=0.02)


def test_the_time_between_two_attempts_is_not_counted(pool: Pool) -> None:
    name = pool.up(spot=True)
    pool.training.advance(300)
    pool.training.market(lack=[{"types": "ml.m5.large"}], reclaim=[{"instance": f"{name}#0"}])
    pool.training.reaches(name, "Interrupted")
    (waiting,) = sagemaker.nodes(pool.training.cloud, pool.handle)
    pool.training.advance(1000)
    pool.training.market(clear=True)
    pool.training.reaches(name, "Training")
    (again,) = sagemaker.nodes(pool.training.cloud, pool.handle)
    assert waiting.ended is not None
    assert again.ended is None
    assert again.launched == pytest.approx(waiting.launched + 1000, abs=15)
    pool.stopped()
