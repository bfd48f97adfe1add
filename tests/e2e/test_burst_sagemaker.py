"""Bursts on SageMaker, on the real engine and the sandbox: a training job comes, and nothing stays, however it ends."""

from __future__ import annotations

import io
import json
import signal
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.workspaces import Running, Workspace, applied, until
from tideform.backends.training.sagemaker.in_account import ending as sagemaker
from tideform.local import client
from tideform.registry.training import backends

pytestmark = pytest.mark.e2e

JOB = "image: trainer, command: [env], outputs: [models]"
POOL = "{backend: sagemaker, instance_types: [ml.m5.large], lease: 1h, job: *job"
PLAN = "arn:aws:sagemaker:us-east-1:123456789012:training-plan/spring"
SPEC = f"""\
version: 1
project: tide
owner: ml@example.com
region: us-east-1
environments: {{dev: {{target: local}}}}
storage: {{models: {{kind: models}}}}
training:
  fit: {POOL.replace("*job", f"&job {{{JOB}}}")}}}
  steady: {POOL}, capacity: {{spot: never}}}}
  warm: {POOL}, capacity: {{spot: never}}, keep_alive: 30m}}
  brief: {POOL}, between_bursts: remove}}
  saved: {POOL}, checkpoint: {{every: 5m}}}}
  planned:
    backend: sagemaker
    instance_types: [ml.p4d.24xlarge]
    lease: 2h
    capacity: {{spot: never, blocks: ["{PLAN}"]}}
    job: *job
  duo: {{backend: sagemaker, instance_types: [ml.m5.large], nodes: 2, lease: 1h, job: {{nodes: 2, {JOB}}}}}
  swept:
    backend: sagemaker
    instance_types: [ml.m5.large]
    nodes: 2
    lease: 1h
    job: {{sweep: {{grid: {{RATE: [1, 2], SEED: [3, 4]}}, at_once: 2}}, {JOB}}}
"""
POOLS = ("fit", "steady", "warm", "brief")
SLEEP = ("--", "sh", "-c", "echo working; sleep 300")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with applied(tmp_path_factory.mktemp("tide"), SPEC) as made:
        yield made


@pytest.fixture(autouse=True)
def market(project: Workspace) -> Iterator[None]:
    yield
    script(project, clear=True)


def script(project: Workspace, **market: Any) -> None:
    """Change what can be had."""
    client.market(project.folder, market)


def advance(project: Workspace, seconds: float) -> None:
    """Move the sandbox's clock."""
    client.advance_clock(project.folder, seconds)


def handle(project: Workspace, pool: str) -> dict[str, Any]:
    return dict(backends()["sagemaker"].handle(project.deployment, pool))


def nothing_runs(project: Workspace) -> bool:
    """No job and no warm pool in the sandbox, whoever it belongs to."""
    running = client.status(project.folder)
    return running is not None and not running["jobs"]


def jobs(project: Workspace, pool: str) -> list[dict[str, Any]]:
    """All of a pool's jobs there ever were, newest last."""
    api = project.cloud.client("sagemaker")
    prefix = handle(project, pool)["job_prefix"]
    found = api.list_training_jobs(NameContains=prefix, SortOrder="Ascending", MaxResults=100)["TrainingJobSummaries"]
    return [sagemaker.describe(project.cloud, one["TrainingJobName"]) for one in found]


def working(project: Workspace, pool: str) -> Running:
    """A burst whose job runs."""
    burst = project.start("burst", "run", pool, *SLEEP)
    until(lambda: "working" in burst.stdout, "the job's own line")  # its command is told before it runs
    return burst


def take_back(project: Workspace, burst: Running, pool: str, line: str) -> None:
    """The spot market takes the pool's newest job back, once it has said this."""
    until(lambda: line in burst.stdout, line)
    script(project, reclaim=[{"instance": jobs(project, pool)[-1]["TrainingJobName"]}])


@pytest.mark.parametrize("pool", POOLS)
def test_a_run_tells_the_jobs_output_and_its_code_and_leaves_nothing(project: Workspace, pool: str) -> None:
    ran = project.run("burst", "run", pool, "--json", "--", "sh", "-c", "echo to the log; exit 7")
    assert ran.returncode == 7, ran.stderr
    assert "to the log" in ran.stderr
    assert json.loads(ran.stdout)["receipt"]["empty"]
    assert nothing_runs(project)


def test_a_run_leaves_its_model_in_the_bucket(project: Workspace) -> None:
    ran = project.run("burst", "run", "fit", "--", "sh", "-c", "echo weights > /opt/ml/model/w")
    assert ran.returncode == 0, ran.stderr
    bucket, _, key = jobs(project, "fit")[-1]["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://").partition("/")
    body = project.cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as model:
        assert model.getnames() == ["w"]


def test_a_job_knows_its_lease_and_runs_as_the_pools_role(project: Workspace) -> None:
    project.run("burst", "run", "steady", "--", "true")
    job = jobs(project, "steady")[-1]
    tags = project.cloud.client("sagemaker").list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
    named = {tag["Key"]: tag["Value"] for tag in tags}
    assert job["Environment"]["TIDEFORM_LEASE"] == named["tideform:lease"]
    assert named["tideform:expires"] > "2026"
    assert job["RoleArn"].endswith(":role/tide-dev-steady-training")
    assert len(job["VpcConfig"]["Subnets"]) >= 2


def test_where_spot_lacks_the_ladder_leads_to_on_demand(project: Workspace) -> None:
    script(project, lack=[{"types": "ml.m5.large", "market": "spot"}])
    ran = project.run("burst", "run", "fit", "--", "echo", "here")
    assert (ran.returncode, ran.stdout) == (0, "here\n"), ran.stderr
    tried = [(job["EnableManagedSpotTraining"], job["TrainingJobStatus"]) for job in jobs(project, "fit")[-2:]]
    assert tried == [(True, "Stopped"), (False, "Completed")]
    assert "no machines came in 5 s. The next of the ladder is tried." in ran.stderr


def test_where_nothing_comes_the_burst_says_what_it_tried(project: Workspace) -> None:
    script(project, lack=[{"types": "ml.m5.large"}])
    ran = project.run("burst", "run", "steady", "--", "true")
    assert (ran.returncode, "TD606" in ran.stderr, "CapacityError" in ran.stderr) == (101, True, True), ran.stderr
    assert nothing_runs(project)


def test_a_quota_ends_the_climb_with_the_reason(project: Workspace) -> None:
    script(project, quota=[{"family": "ml.m5.large", "limit": 0, "spot": True}])
    ran = project.run("burst", "run", "fit", "--", "true")
    assert (ran.returncode, "TD655" in ran.stderr) == (101, True), ran.stderr


def test_a_spot_job_that_is_taken_back_goes_on_from_its_checkpoint(project: Workspace) -> None:
    count = 'd=/opt/ml/checkpoints; n=$(cat $d/n 2>/dev/null || echo 0); echo "at $n"; echo $((n+1)) > $d/n; '
    burst = project.start("burst", "run", "fit", "--", "sh", "-c", count + '[ "$n" = 1 ] || sleep 300')
    take_back(project, burst, "fit", "at 0")
    assert burst.ended() == 0, burst.stderr
    assert "at 1" in burst.stdout


def test_two_nodes_find_each_other(project: Workspace) -> None:
    ran = project.run("burst", "run", "duo", "--", "sh", "-c", "echo $RANK of $WORLD_SIZE, $TIDEFORM_NODE_RANK")
    assert ran.returncode == 0, ran.stderr
    assert sorted(ran.stdout.splitlines()) == ["[algo-1] 0 of 2, 0", "[algo-2] 1 of 2, 1"]
    assert jobs(project, "duo")[-1]["EnableInterContainerTrafficEncryption"]


def test_a_sweep_is_a_job_for_each_set_of_parameters(project: Workspace) -> None:
    ran = project.run("burst", "run", "swept", "--", "sh", "-c", "echo $RATE$SEED; [ $RATE$SEED != 23 ]")
    assert (ran.returncode, len(jobs(project, "swept"))) == (1, 4), ran.stderr
    assert sorted(ran.stdout.splitlines()) == ["[0] 13", "[1] 14", "[2] 23", "[3] 24"]
    assert nothing_runs(project)


TRAIN = """\
import pathlib, sys, time, os
folder = pathlib.Path(os.environ["TIDEFORM_CHECKPOINT_DIR"])
seen = folder / "step"
step = int(seen.read_text()) if seen.exists() else 0
seen.write_text(str(step + 1))
print("from", step, flush=True)
time.sleep(0 if step == 2 else 300)
"""


def test_sent_code_goes_on_after_each_interruption(project: Workspace) -> None:
    folder = project.root / "code"
    folder.mkdir()
    (folder / "train.py").write_text(TRAIN)
    burst = project.start("burst", "run", "saved", "--code", str(folder), "--", "python3", "train.py")
    for step in (0, 1):
        take_back(project, burst, "saved", f"from {step}")
    assert burst.ended() == 0, burst.stderr
    assert burst.stdout.splitlines() == ["from 0", "from 1", "from 2"]
    assert nothing_runs(project)


def test_capacity_without_a_job_is_refused(project: Workspace) -> None:
    refused = project.run("burst", "up", "steady")
    assert (refused.returncode, "TD656" in refused.stderr) == (1, True), refused.stderr
    assert "burst run steady" in refused.stderr


@pytest.mark.parametrize("pool", ["fit", "warm"])
def test_a_burst_that_is_interrupted_leaves_nothing(project: Workspace, pool: str) -> None:
    burst = working(project, pool)
    burst.signal(signal.SIGINT)
    assert burst.ended() == 130
    assert nothing_runs(project)


@pytest.mark.parametrize("pool", ["fit", "steady"])
def test_a_killed_burst_is_ended_by_the_longest_run_alone(project: Workspace, pool: str) -> None:
    burst = working(project, pool)
    burst.signal(signal.SIGKILL)
    burst.ended()
    advance(project, 3600 + 600)
    assert nothing_runs(project)
    job = jobs(project, pool)[-1]
    assert job["SecondaryStatus"] in ("MaxRuntimeExceeded", "MaxWaitTimeExceeded"), job
    project.run("burst", "down", pool, "--all")


def test_a_killed_burst_with_a_warm_pool_is_over_half_an_hour_after_its_longest_run(project: Workspace) -> None:
    burst = working(project, "warm")
    burst.signal(signal.SIGKILL)
    burst.ended()
    advance(project, 3600 + 600 + 1800)
    assert nothing_runs(project)
    project.run("burst", "down", "warm", "--all")


@pytest.mark.parametrize("pool", ["fit", "warm"])
def test_the_ending_alone_ends_what_a_killed_burst_left(project: Workspace, pool: str) -> None:
    burst = working(project, pool)
    burst.signal(signal.SIGKILL)
    burst.ended()
    until(lambda: sagemaker.stop(project.cloud, handle(project, pool)), "the ending has ended everything")
    assert nothing_runs(project)
    project.run("burst", "down", pool, "--all")


def test_down_ends_what_a_killed_burst_left(project: Workspace) -> None:
    burst = working(project, "steady")
    burst.signal(signal.SIGKILL)
    burst.ended()
    downed = project.run("burst", "down", "steady")
    assert (downed.returncode, "nothing is left" in downed.stdout) == (0, True), downed.stderr
    assert nothing_runs(project)


def test_a_training_plan_is_used_first_and_costs_nothing_more(project: Workspace) -> None:
    """Where there is none, or it has no machines, the burst goes on with the next rung, and says why."""
    missing = project.run("burst", "run", "planned", "--json")
    assert missing.returncode == 0, missing.stderr
    assert "Training plan spring is left aside: the account has none of this id" in missing.stderr
    assert json.loads(missing.stdout)["usd"] > 0
    api = project.cloud.client("sagemaker")
    offers = api.search_training_plan_offerings(
        InstanceType="ml.p4d.24xlarge", InstanceCount=1, DurationHours=2, TargetResources=["training-job"]
    )["TrainingPlanOfferings"]
    made = api.create_training_plan(
        TrainingPlanName="spring", TrainingPlanOfferingId=offers[0]["TrainingPlanOfferingId"]
    )
    assert made["TrainingPlanArn"] == PLAN
    burst = project.start("burst", "run", "planned", "--json", *SLEEP)
    until(lambda: [one for one in running(project) if one["SecondaryStatus"] == "Training"], "a job that trains")
    assert "training plan spring ends before" in burst.stderr
    (job,) = running(project)
    assert job["ResourceConfig"]["TrainingPlanArn"] == PLAN
    status = json.loads(project.run("burst", "status", "planned", "--json").stdout)["pools"][0]
    assert (status["usd"], status["idle_reservations"]) == (0, [])
    api.stop_training_job(TrainingJobName=job["TrainingJobName"])
    burst.ended()
    idle = json.loads(project.run("burst", "status", "planned", "--json").stdout)["pools"][0]["idle_reservations"]
    assert [(one["free"], one["total"], one["block"]) for one in idle] == [(1, 1, True)]


def running(project: Workspace) -> list[dict[str, Any]]:
    """The training jobs that are not over, whole."""
    api = project.cloud.client("sagemaker")
    found = api.list_training_jobs(StatusEquals="InProgress")["TrainingJobSummaries"]
    return [api.describe_training_job(TrainingJobName=one["TrainingJobName"]) for one in found]
