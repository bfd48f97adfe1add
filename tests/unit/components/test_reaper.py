"""The reaper's package, the same wherever it is made, and what its role may do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.stacks.collecting import collect, inputs, of_type, statements
from tideform.components.reaper.package import HANDLER, package
from tideform_sandbox.services.awslambda.kinds import zipped

SOURCE = Path(__file__).parents[3] / "src" / "tideform"
EKS = {
    "pool": {
        "backend": "eks",
        "accelerator": {"name": "A10G", "count": 1},
        "job": {"image": "trainer", "command": ["true"]},
    }
}


@pytest.fixture(params=[0o022, 0o077])
def copied(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """The sources in another folder, with other modes, times, and what running them leaves behind."""
    before = os.umask(request.param)
    try:
        root = tmp_path / "elsewhere" / "tideform"
        for path in sorted(SOURCE.rglob("*.py"), reverse=True):
            target = root / path.relative_to(SOURCE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
            os.utime(target, (0, 0))
        (root / "reaper" / "__pycache__").mkdir()
        (root / "reaper" / "__pycache__" / "base.cpython-311.pyc").write_bytes(b"left behind")
        yield root
    finally:
        os.umask(before)


def as_zip(texts: dict[str, str]) -> bytes:
    return zipped({"assets": {name: {"text": text} for name, text in texts.items()}})


def test_the_package_is_the_same_from_another_folder_with_other_times_and_modes(copied: Path) -> None:
    assert package(copied) == package()
    assert as_zip(package(copied)) == as_zip(package())


def test_the_package_holds_the_reaper_and_nothing_else_of_ours() -> None:
    found = set(package())
    parts = "tideform/backends/training/batch/in_account/ending.py"
    assert {"tideform/__init__.py", "tideform/backends/__init__.py", "tideform/reaper/handler.py", parts} <= found
    assert all("/reaper/" in name or "/in_account/" in name or name.endswith("__init__.py") for name in found)


def test_the_package_runs_alone(tmp_path: Path) -> None:
    """With boto3 beside it, which Lambda's own runtime has; nothing of this checkout is on the path."""
    for name, text in package().items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    module, _, function = HANDLER.rpartition(".")
    endings = "batch", "ec2", "eks", "sagemaker"
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        f"import importlib; found = importlib.import_module({module!r})\n"
        "from tideform.reaper.parts import having\n"
        f"assert tuple(having('ending')) == {endings!r}\n"
        "from tideform.reaper.endings import ending\n"
        f"[ending(name).stop for name in {endings!r}]\n"
        f"assert found.__file__.startswith({str(tmp_path)!r}), found.__file__\n"
        f"assert callable(found.{function})"
    )
    subprocess.run([sys.executable, "-I", "-c", program], check=True, cwd=tmp_path)


def role(**overrides: Any) -> dict[str, dict[str, Any]]:
    """The statements of the reaper's role, by their ids."""
    policy = inputs(collect("foundation", **overrides), "RolePolicy", "reaper")["policy"]
    return {statement["Sid"]: statement for statement in statements(policy)}


def test_whatever_it_ends_carries_the_tags_of_the_project_and_environment() -> None:
    own = {"aws:ResourceTag/tideform:project": "fraud-scoring", "aws:ResourceTag/tideform:environment": "dev"}
    ends = {sid: each for sid, each in role().items() if sid.startswith("End")}
    assert set(ends) == {"EndBatch", "EndMachines", "EndGroups", "EndTrainingJobs"}
    assert all(each["Condition"] == {"StringEquals": own} for each in ends.values())


def test_what_lost_those_tags_ends_by_tags_of_aws_itself_or_by_its_name() -> None:
    launched = {sid: each["Condition"] for sid, each in role().items() if sid.startswith("MembersOf")}
    names = ["fraud-scoring-dev-*", "AWSBatch-fraud-scoring-dev-*"]
    assert launched == {
        "MembersOfGroup": {"StringLike": {"aws:ResourceTag/aws:autoscaling:groupName": names}},
        "MembersOfEnvironment": {"StringLike": {"aws:ResourceTag/aws:batch:compute-environment": names[:1]}},
    }
    job = {"image": "1.dkr.ecr.us-east-1.amazonaws.com/a", "command": ["true"], "outputs": ["models"]}
    pool = {"backend": "sagemaker", "instance_types": ["ml.m5.large"], "lease": "1h", "job": job}
    policy = inputs(collect("foundation", training={"fit": pool}), "RolePolicy", "reaper")["policy"]
    (named,) = [each for each in statements(policy) if each["Sid"] == "TrainingJobsByName"]
    assert all(":training-job/fraud-scoring-dev-fit-" in one and one.endswith("-*") for one in named["Resource"])


def named(policy: str) -> dict[str, dict[str, Any]]:
    return {each["Sid"]: each for each in statements(policy) if each["Sid"].endswith("ByName")}


def test_queues_environments_and_groups_end_without_tags_by_their_names_unless_they_are_anothers() -> None:
    job = {"image": "trainer", "command": ["true"]}
    pools = {name: {"backend": name, "instance_types": ["c5.large"], "job": job} for name in ("batch", "ec2")}
    found = named(inputs(collect("foundation", training=pools), "RolePolicy", "reaper")["policy"])
    resources = {sid: [one.split(":", 5)[5] for one in each["Resource"]] for sid, each in found.items()}
    assert resources == {
        "BatchByName": [
            "job-queue/fraud-scoring-dev-batch",
            "compute-environment/fraud-scoring-dev-batch-*",
            "job/*",
        ],
        "GroupsByName": ["autoScalingGroup:*:autoScalingGroupName/fraud-scoring-dev-ec2"],
    }
    own = {"aws:ResourceTag/tideform:project": "fraud-scoring", "aws:ResourceTag/tideform:environment": "dev"}
    assert all(each["Condition"] == {"StringEqualsIfExists": own} for each in found.values())


@pytest.mark.parametrize("pools", [12, 80])
def test_its_policy_fits_into_a_role_however_many_pools_there_are(pools: int) -> None:
    job = {"image": "1.dkr.ecr.us-east-1.amazonaws.com/a", "command": ["true"], "outputs": ["models"]}
    kinds = {"batch": "c5.large", "ec2": "c5.large", "sagemaker": "ml.m5.large"}
    training = {
        f"{backend}-{number}-of-a-long-name": {"backend": backend, "instance_types": [kind], "lease": "1h", "job": job}
        for backend, kind in kinds.items()
        for number in range(pools)
    }
    policy = inputs(collect("foundation", training=training), "RolePolicy", "reaper")["policy"]
    assert (
        len("".join(policy.split())) <= 10_240
    )  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html


def test_what_is_allowed_on_everything_only_looks_or_takes_no_resource() -> None:
    wide = {action for each in role().values() if each["Resource"] == ["*"] for action in each["Action"]}
    looks = ("Describe", "List", "Get")
    assert {a for a in wide if not a.partition(":")[2].startswith(looks)} == {"ssm:CancelCommand"}


def test_it_deletes_no_definition() -> None:
    actions = {action for each in role().values() for action in each["Action"]}
    own = {"autoscaling:DeleteScheduledAction", "autoscaling:DeleteTags"}  # what a burst has put there
    assert {action for action in actions if ":Delete" in action} == own


def test_it_is_told_how_long_machines_without_a_lease_may_stand() -> None:
    found = collect("foundation", training=EKS, limits={"unheld_grace": "1h"})
    assert inputs(found, "Function", "reaper")["environment"]["variables"]["UNHELD_GRACE"] == "3600"


def test_it_touches_roles_only_where_karpenter_launches() -> None:
    assert "DenyLaunching" not in role()
    denying = role(training=EKS)["DenyLaunching"]
    assert denying["Action"] == ["iam:PutRolePolicy"]
    assert denying["Resource"] == ["arn:aws:iam::123456789012:role/fraud-scoring-dev-karpenter"]


def test_it_looks_at_reservations_where_a_pool_has_any() -> None:
    look = "ec2:DescribeCapacityReservations"
    job = {"image": "trainer", "command": ["true"]}
    capacity = {"reservations": ["cr-0123456789abcdef0"], "blocks": ["cr-0123456789abcdef1"], "spot": "never"}
    pool = {"instance_types": ["c5.large"], "zones": ["a"], "capacity": capacity, "job": job}
    assert look not in role()["Look"]["Action"]
    assert look in role(training={"pool": pool})["Look"]["Action"]
    told = inputs(collect("foundation", training={"pool": pool}), "Function", "reaper")["environment"]["variables"]
    known = json.loads(told["RESERVED"])["pool"]
    assert known["ids"] == ["cr-0123456789abcdef1", "cr-0123456789abcdef0"]
    assert set(known["prices"]) == {"c5.large"}


def test_it_looks_at_a_training_plan_where_a_pool_has_one() -> None:
    plan = "arn:aws:sagemaker:eu-west-1:123456789012:training-plan/spring"
    job = {"image": "trainer", "command": ["true"], "outputs": ["models"]}
    capacity = {"blocks": [plan], "spot": "never"}
    pool = {"backend": "sagemaker", "instance_types": ["ml.p4d.24xlarge"], "capacity": capacity, "job": job}
    actions = set(role(training={"pool": pool})["Look"]["Action"]) - set(role()["Look"]["Action"])
    assert actions == {"sagemaker:DescribeTrainingPlan"}


def test_it_is_called_every_five_minutes_by_a_role_of_its_own() -> None:
    found = collect("foundation")
    schedule = inputs(found, "Schedule", "reaper")
    assert (schedule["scheduleExpression"], schedule["state"]) == ("rate(5 minutes)", "ENABLED")
    call = statements(inputs(found, "RolePolicy", "reaper-schedule")["policy"])
    assert [each["Resource"] for each in call] == [
        ["arn:aws:lambda:eu-west-1:123456789012:function:fraud-scoring-dev-reaper"]
    ]


def test_somebody_is_told_when_it_fails_and_when_it_is_silent() -> None:
    found = collect("foundation")
    fails, silent = (inputs(found, "MetricAlarm", name) for name in ("reaper-fails", "reaper-silent"))
    assert (fails["metricName"], fails["treatMissingData"]) == ("Errors", "notBreaching")
    assert (silent["metricName"], silent["treatMissingData"], silent["period"]) == ("Invocations", "breaching", 900)


@pytest.mark.parametrize("hard_stop", [False, True])
def test_it_knows_the_months_budget_only_where_that_is_a_hard_stop(hard_stop: bool) -> None:
    budget = {"monthly": "4000 USD", "hard_stop": hard_stop}
    variables = inputs(collect("foundation", budget=budget), "Function", "reaper")["environment"]["variables"]
    assert variables.get("BUDGET_USD") == ("4000.00" if hard_stop else None)


def test_without_pools_there_is_no_reaper() -> None:
    found = collect("foundation", training={})
    assert of_type(found, "Function") == []
    assert "reaper_function_name" not in found.outputs


def test_it_goes_before_the_table_that_it_reads() -> None:
    (function,) = of_type(collect("foundation"), "Function")
    assert "foundation.aws_dynamodb_table.leases" in function.dependencies
