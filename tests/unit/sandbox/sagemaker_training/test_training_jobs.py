"""Training jobs in the sandbox: real processes, their stages, their ends, on the sandbox's clock."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.sagemaker_training.conftest import BUCKET, Training
from tests.unit.sandbox.waiting import until


def stages(job: dict[str, Any]) -> list[str]:
    return [step["Status"] for step in job["SecondaryStatusTransitions"]]


def refused(training: Training, **changes: Any) -> str:
    with pytest.raises(ClientError) as caught:
        training.create("true", **changes)
    return str(caught.value.response["Error"]["Code"])


def test_a_job_goes_through_its_stages_and_leaves_its_model(training: Training) -> None:
    name = training.create('echo to the log; echo weights > "$SM_MODEL_DIR/model.txt"')
    job = training.reaches(name, "Completed")
    assert stages(job) == ["Starting", "Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert training.log(name) == ["to the log"]
    assert training.model(name) == {"model.txt": "weights\n"}


def test_what_points_into_opt_ml_points_into_the_instances_own_folder(training: Training) -> None:
    name = training.create("echo weights > /opt/ml/model/w; cat $HERE", Environment={"HERE": "/opt/ml/model/w"})
    training.reaches(name, "Completed")
    assert (training.log(name), training.model(name)) == (["weights"], {"w": "weights\n"})


def test_a_command_that_fails_is_told_with_its_code_and_its_own_words(training: Training) -> None:
    name = training.create("echo out of luck > /opt/ml/output/failure; exit 7")
    assert training.reaches(name, "Failed")["FailureReason"] == "AlgorithmError: out of luck\n, exit code: 7"


def test_several_nodes_know_each_other(training: Training) -> None:
    name = training.create('echo "$SM_CURRENT_HOST $RANK of $WORLD_SIZE at $MASTER_ADDR"', nodes=2)
    training.reaches(name, "Completed")
    assert sorted(training.log(name)) == ["algo-1 0 of 2 at 127.0.0.1", "algo-2 1 of 2 at 127.0.0.1"]


def test_one_node_that_fails_ends_the_others(training: Training) -> None:
    name = training.create('[ "$RANK" = 0 ] && exit 3; sleep 300', nodes=2)
    assert training.reaches(name, "Failed")["FailureReason"].endswith("exit code: 3")


def test_a_channel_is_there_before_the_command(training: Training) -> None:
    training.cloud.client("s3").put_object(Bucket=BUCKET, Key="data/part/a.txt", Body=b"rows")
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/data"}}
    channel = {"ChannelName": "train", "DataSource": source}
    name = training.create('cat "$SM_CHANNEL_TRAIN/part/a.txt"', InputDataConfig=[channel])
    training.reaches(name, "Completed")
    assert training.log(name) == ["rows"]


def test_a_job_that_is_stopped_may_still_save(training: Training) -> None:
    name = training.create("trap 'echo late > /opt/ml/model/m; exit 0' TERM; echo up; while :; do sleep 0.05; done")
    training.says(name, "up")
    training.api.stop_training_job(TrainingJobName=name)
    assert training.reaches(name, "Stopped")["SecondaryStatus"] == "Stopped"
    assert training.model(name) == {"m": "late\n"}


def test_a_command_that_hears_nothing_is_killed_two_minutes_later(training: Training) -> None:
    name = training.create("trap '' TERM; echo up; while :; do sleep 0.05; done")
    training.says(name, "up")
    training.api.stop_training_job(TrainingJobName=name)
    training.advance(110)
    still = training.job(name)["TrainingJobStatus"]
    training.advance(15)
    assert (still, training.reaches(name, "Stopped")["TrainingJobStatus"]) == ("Stopping", "Stopped")


def test_a_job_whose_machines_are_taken_back_and_that_is_stopped_is_asked_once(training: Training) -> None:
    name = training.create("trap 'echo asked' TERM; echo up; while :; do sleep 0.05; done", spot=True)
    training.says(name, "up")
    training.market(reclaim=[{"instance": f"{name}#0", "notice": 60}])
    training.says(name, "asked")
    training.api.stop_training_job(TrainingJobName=name)
    training.advance(61)
    training.reaches(name, "Stopped")
    assert training.log(name).count("asked") == 1


def test_a_job_that_is_stopped_before_it_has_machines_costs_nothing(training: Training) -> None:
    training.market(slow=[{"types": "ml.m5.large", "seconds": 3000}])
    name = training.create("true")
    training.api.stop_training_job(TrainingJobName=name)
    job = training.reaches(name, "Stopped")
    assert ("TrainingStartTime" in job, training.bill(name)) == (False, [])


def test_the_longest_run_ends_a_job_by_the_clock_alone(training: Training) -> None:
    name = training.create("echo up; sleep 300")
    training.says(name, "up")
    training.advance(6 * 3600)
    job = training.reaches(name, "Stopped")
    assert job["SecondaryStatus"] == "MaxRuntimeExceeded"
    assert 3600 <= job["TrainingTimeInSeconds"] <= 3605


def test_the_longest_wait_holds_waiting_and_running(training: Training) -> None:
    training.market(lack=[{"types": "ml.m5.large", "market": "spot"}])
    name = training.create("true", spot=True)
    training.advance(3700)
    assert training.reaches(name, "Stopped")["SecondaryStatus"] == "MaxWaitTimeExceeded"


def test_spot_waits_for_machines_and_takes_them_when_they_come(training: Training) -> None:
    training.market(lack=[{"types": "ml.m5.large", "market": "spot"}])
    name = training.create("true", spot=True)
    until(lambda: "retrying" in training.job(name)["SecondaryStatusTransitions"][-1]["StatusMessage"])
    training.market(clear=True)
    training.reaches(name, "Completed")


def test_on_demand_fails_where_there_are_no_machines(training: Training) -> None:
    training.market(lack=[{"types": "ml.m5.large"}])
    reason = training.reaches(training.create("true"), "Failed")["FailureReason"]
    assert reason.startswith("CapacityError: Unable to provision requested ML compute capacity")


def test_a_quota_refuses_the_request_itself(training: Training) -> None:
    training.market(quota=[{"family": "ml.m5.large", "limit": 1}])
    assert refused(training, nodes=2) == "ResourceLimitExceeded"


def test_an_interrupted_job_goes_on_from_its_checkpoint(training: Training) -> None:
    count = 'n=$(cat "$D/n" 2>/dev/null || echo 0); echo "at $n"; echo $((n+1)) > "$D/n"; '
    checkpoints = {"S3Uri": f"s3://{BUCKET}/ck", "LocalPath": "/opt/ml/checkpoints"}
    name = training.create(
        count + '[ "$n" = 1 ] || sleep 300',
        spot=True,
        CheckpointConfig=checkpoints,
        Environment={"D": "/opt/ml/checkpoints"},
    )
    training.says(name, "at 0")
    training.market(reclaim=[{"instance": f"{name}#0"}])
    job = training.reaches(name, "Completed")
    assert training.log(name) == ["at 0", "at 1"]
    assert stages(job).count("Interrupted") == 1
    assert len(training.bill(name)) == 2


def test_checkpoints_go_to_s3_while_the_job_runs(training: Training) -> None:
    checkpoints = {"S3Uri": f"s3://{BUCKET}/live", "LocalPath": "/opt/ml/checkpoints"}
    name = training.create('echo 1 > "$SM_CHECKPOINT_DIR/c"; echo up; sleep 300', CheckpointConfig=checkpoints)
    training.says(name, "up")
    training.advance(20)
    assert training.cloud.client("s3").get_object(Bucket=BUCKET, Key="live/c")["Body"].read() == b"1\n"
    training.api.stop_training_job(TrainingJobName=name)


def test_spot_is_billed_below_what_ran(training: Training) -> None:
    name = training.create("echo up; sleep 300", spot=True)
    training.says(name, "up")
    training.advance(1000)
    training.api.stop_training_job(TrainingJobName=name)
    job = training.reaches(name, "Stopped")
    assert job["BillableTimeInSeconds"] == pytest.approx(0.35 * job["TrainingTimeInSeconds"], abs=1)
    (entry,) = training.bill(name)
    assert entry["dollars"] == pytest.approx(job["BillableTimeInSeconds"] * 0.115 / 3600, rel=0.01)


def test_a_warm_pool_stays_and_costs_until_it_is_let_go(training: Training) -> None:
    name = training.create("true", resources={"KeepAlivePeriodInSeconds": 1800})
    assert training.reaches(name, "Completed")["WarmPoolStatus"]["Status"] == "Available"
    training.advance(600)
    training.api.update_training_job(TrainingJobName=name, ResourceConfig={"KeepAlivePeriodInSeconds": 0})
    warm = training.job(name)["WarmPoolStatus"]
    assert warm["Status"] == "Terminated"
    assert 600 <= warm["ResourceRetainedBillableTimeInSeconds"] <= 605
    assert all(one["ended"] for one in training.bill(name))


def test_a_warm_pool_expires_by_itself(training: Training) -> None:
    name = training.create("true", resources={"KeepAlivePeriodInSeconds": 1800})
    training.reaches(name, "Completed")
    training.advance(1900)
    warm = training.job(name)["WarmPoolStatus"]
    assert (warm["Status"], warm["ResourceRetainedBillableTimeInSeconds"]) == ("Terminated", 1800)


def test_a_job_like_the_last_one_takes_over_its_machines(training: Training) -> None:
    settings: dict[str, Any] = {"resources": {"KeepAlivePeriodInSeconds": 1800}, "EnableNetworkIsolation": True}
    first = training.create("true", **settings)
    training.reaches(first, "Completed")
    second = training.create("true", **settings)
    training.reaches(second, "Completed")
    assert training.job(first)["WarmPoolStatus"]["ReusedByJob"] == second
    training.api.update_training_job(TrainingJobName=second, ResourceConfig={"KeepAlivePeriodInSeconds": 0})


def test_jobs_are_listed_by_name_status_and_warm_pool(training: Training) -> None:
    name = training.create("true", resources={"KeepAlivePeriodInSeconds": 60})
    training.reaches(name, "Completed")
    listed = training.api.list_training_jobs(
        NameContains=name, StatusEquals="Completed", WarmPoolStatusEquals="Available"
    )
    other = training.api.list_training_jobs(NameContains=name, StatusEquals="InProgress")
    found = [[job["TrainingJobName"] for job in answer["TrainingJobSummaries"]] for answer in (listed, other)]
    assert found == [[name], []]


def test_tags_are_read_back(training: Training) -> None:
    name = training.create("true", Tags=[{"Key": "tideform:lease", "Value": "l"}])
    arn = training.reaches(name, "Completed")["TrainingJobArn"]
    assert training.api.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "tideform:lease", "Value": "l"}]


def test_a_name_is_taken_once(training: Training) -> None:
    name = training.create("true")
    assert refused(training, name=name) == "ResourceInUse"


@pytest.mark.parametrize(
    "changes",
    [
        {"resources": {"InstanceType": "ml.c5.large"}},
        {"spot": True, "stopping": {"MaxWaitTimeInSeconds": 60}},
        {"stopping": {"MaxWaitTimeInSeconds": 7200}},
        {"stopping": {"MaxPendingTimeInSeconds": 1800, "MaxRuntimeInSeconds": 29 * 86400}},
        {"spot": True, "resources": {"KeepAlivePeriodInSeconds": 60}},
        {"resources": {"KeepAlivePeriodInSeconds": 7200}},
        {"Environment": {"LONG": "x" * 513}},
        {"name": "ends-with-"},
    ],
)
def test_what_sagemaker_refuses_is_refused(training: Training, changes: dict[str, Any]) -> None:
    assert refused(training, **changes) == "ValidationException"


def test_the_status_shows_what_runs(training: Training) -> None:
    name = training.create("echo up; sleep 300")
    training.says(name, "up")
    shown = [job["status"] for job in training.control("GET", "status")["jobs"] if job["id"] == name]
    training.api.stop_training_job(TrainingJobName=name)
    training.reaches(name, "Stopped")
    assert (shown, json.dumps(training.control("GET", "status")["jobs"]).count(f'"{name}"')) == (["Training"], 0)
