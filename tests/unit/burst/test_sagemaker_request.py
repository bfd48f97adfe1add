"""A training job as it is asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.backends.training.sagemaker.place import Place
from tideform.backends.training.sagemaker.request import JobOrder, request
from tideform.burst.lease import Lease, Mode
from tideform.burst.runner import Work
from tideform.errors import RefusedError
from tideform.process import Process

JOB = {"image": "trainer", "command": ["python", "train.py"], "inputs": ["transactions"], "outputs": ["models"]}
PLAIN = Work()
LEASE = Lease("0123456789ab", "pool", "me", Process.current(), Mode.RUN, 1_800_000_000, 1_800_014_400, None)
PLACE = Place(("subnet-1", "subnet-2"), "sg-1", "arn:aws:kms:eu-west-1:123456789012:key/k", "arn:role")


def order(work: Work = PLAIN, **pool: Any) -> JobOrder:
    training = {"pool": {"backend": "sagemaker", "instance_types": ["ml.m5.large"], "job": JOB, **pool}}
    deployment = deployment_of({**FULL, "training": training}, Path("/nowhere"))
    return JobOrder(deployment, "pool", LEASE, work, PLACE)


def asked(wanted: JobOrder, kind: str = "ml.m5.large", *, spot: bool = True) -> dict[str, Any]:
    return request(wanted, 0, "spot" if spot else "on-demand", kind, 14_400)


def test_a_retry_asks_for_the_same_job() -> None:
    assert asked(order()) == asked(order())


def test_it_runs_the_pools_job_unless_told_otherwise() -> None:
    words = [asked(order(work))["AlgorithmSpecification"] for work in (Work(), Work(("echo", "hi")))]
    assert [(w["ContainerEntrypoint"], w["ContainerArguments"]) for w in words] == [
        (["python"], ["train.py"]),
        (["echo"], ["hi"]),
    ]


def test_whose_capacity_it_is_stands_in_its_tags() -> None:
    tags = {tag["Key"]: tag["Value"] for tag in asked(order())["Tags"]}
    assert (tags["tideform:lease"], tags["tideform:unit"]) == ("0123456789ab", "pool")
    assert tags["tideform:expires"] == "2027-01-15T12:00:00Z"


def test_it_stays_in_the_network_and_everything_is_encrypted() -> None:
    job = asked(order(Work(nodes=2)))
    assert job["VpcConfig"] == {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
    assert job["OutputDataConfig"]["KmsKeyId"] == job["ResourceConfig"]["VolumeKmsKeyId"] == PLACE.key_arn
    assert job["EnableInterContainerTrafficEncryption"]


@pytest.mark.parametrize("nodes", [1, 2, 3])
def test_a_job_has_the_machines_that_are_asked_for_whatever_the_pools_own_has(nodes: int) -> None:
    job = asked(order(Work(nodes=nodes), nodes=3, job={**JOB, "nodes": 2}))
    assert job["ResourceConfig"]["InstanceCount"] == nodes


def test_machines_with_disks_of_their_own_take_neither_a_volume_nor_a_key() -> None:
    assert not {"VolumeSizeInGB", "VolumeKmsKeyId"} & set(asked(order(), "ml.g5.xlarge")["ResourceConfig"])


def test_only_spot_is_tried_again_by_sagemaker_since_only_there_all_attempts_are_bounded() -> None:
    assert ["RetryStrategy" in asked(order(), spot=spot) for spot in (True, False)] == [True, False]


def test_every_rung_goes_on_with_the_same_checkpoints() -> None:
    wanted = order(checkpoint={"every": "10m"})
    assert asked(wanted)["CheckpointConfig"] == asked(wanted, spot=False)["CheckpointConfig"]


def test_checkpoints_go_where_the_burst_wants_them() -> None:
    wanted = order(Work(checkpoint_uri="s3://bursts/checkpoints/pool/run"), checkpoint={"every": "10m"})
    assert asked(wanted)["CheckpointConfig"]["S3Uri"] == "s3://bursts/checkpoints/pool/run"


def test_the_jobs_of_an_array_keep_their_checkpoints_apart() -> None:
    work = Work(environment={"TIDEFORM_CHECKPOINT_URI": "s3://b/run"}, checkpoint_uri="s3://b/run")
    wanted = order(work, checkpoint={"every": "10m"})
    jobs = [asked(replace(wanted, own={"RATE": str(index)}, index=index)) for index in (0, 1)]
    assert [job["CheckpointConfig"]["S3Uri"] for job in jobs] == ["s3://b/run/0", "s3://b/run/1"]
    assert [job["Environment"]["TIDEFORM_CHECKPOINT_URI"] for job in jobs] == ["s3://b/run/0", "s3://b/run/1"]


def test_machines_are_kept_warm_only_if_the_pool_says_so() -> None:
    kept = order(keep_alive="30m", capacity={"spot": "never"})
    assert asked(kept, spot=False)["ResourceConfig"]["KeepAlivePeriodInSeconds"] == 1800
    assert "KeepAlivePeriodInSeconds" not in asked(order())["ResourceConfig"]


def test_the_parameters_of_an_array_are_variables_of_their_job() -> None:
    environment = asked(replace(order(Work(environment={"A": "1"})), own={"RATE": "2"}, index=1))["Environment"]
    assert (environment["A"], environment["RATE"], environment["TIDEFORM_LEASE"]) == ("1", "2", "0123456789ab")


@pytest.mark.parametrize("nodes", [1, 2])
def test_sagemakers_limits_on_words_and_variables_hold(nodes: int) -> None:
    job = asked(order(Work(nodes=nodes)))
    algorithm = job["AlgorithmSpecification"]
    assert all(len(word) <= 256 for word in (*algorithm["ContainerEntrypoint"], *algorithm["ContainerArguments"]))
    assert all(len(value) <= 512 for value in job["Environment"].values())


def test_a_word_that_is_too_long_is_refused_before_anything_starts() -> None:
    with pytest.raises(RefusedError, match="does not take the command"):
        asked(order(Work(("sh", "-c", "x" * 257))))


@pytest.mark.parametrize(("disk", "size"), [({}, 100), ({"disk": "2TiB"}, 2048)])
def test_the_disk_is_as_large_as_the_pool_says(disk: dict[str, Any], size: int) -> None:
    assert asked(order(**disk))["ResourceConfig"]["VolumeSizeInGB"] == size
