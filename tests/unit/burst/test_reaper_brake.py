"""The reaper as a brake: no capacity where it would not come."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator

import pytest

from tideform.burst.brakes import Kind
from tideform.burst.reaper.items import SILENCE
from tideform.burst.reaper_brake import reaper_brake
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.spec.deployment import Deployment

NAME = "demo-dev-reaper"


@pytest.fixture
def standing(cloud: Cloud, table: LeaseTable, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """Function and schedule as foundation makes them, a moment ago."""
    monkeypatch.setattr(cloud, "clock", time.time)
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = cloud.client("iam").create_role(RoleName=NAME, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context): pass\n")
    function = cloud.client("lambda").create_function(
        FunctionName=NAME, Runtime="python3.13", Role=role, Handler="handler.handler", Code={"ZipFile": code.getvalue()}
    )["FunctionArn"]
    cloud.client("scheduler").create_schedule(
        Name=NAME,
        ScheduleExpression="rate(5 minutes)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": function, "RoleArn": role},
    )
    yield cloud


def beat(table: LeaseTable, at: float, **failures: str) -> None:
    table.items.write({"pk": "reaper", "at": int(at), "failures": failures})


def missing(cloud: Cloud, deployment: Deployment) -> str:
    return reaper_brake(cloud, deployment, "fit").missing()


def test_it_promises_that_nothing_is_left(cloud: Cloud, deployment: Deployment) -> None:
    assert reaper_brake(cloud, deployment).kind is Kind.TERMINAL


def test_it_is_in_place_when_it_has_just_run(standing: Cloud, table: LeaseTable, deployment: Deployment) -> None:
    beat(table, time.time())
    assert missing(standing, deployment) == ""


def test_right_after_apply_its_first_round_is_still_to_come(standing: Cloud, deployment: Deployment) -> None:
    assert missing(standing, deployment) == ""


def test_it_is_missing_without_its_function(cloud: Cloud, table: LeaseTable, deployment: Deployment) -> None:
    assert missing(cloud, deployment) == f"there is no function {NAME}"


def test_it_is_missing_when_its_function_may_not_run(standing: Cloud, deployment: Deployment) -> None:
    standing.client("lambda").put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=0)
    assert "switched off" in missing(standing, deployment)


def test_it_is_missing_without_its_schedule(standing: Cloud, deployment: Deployment) -> None:
    standing.client("scheduler").delete_schedule(Name=NAME)
    assert missing(standing, deployment) == f"there is no schedule {NAME}"


def test_it_is_missing_when_its_schedule_is_disabled(standing: Cloud, deployment: Deployment) -> None:
    asked = standing.client("scheduler").get_schedule(Name=NAME)
    standing.client("scheduler").update_schedule(
        Name=NAME,
        ScheduleExpression=asked["ScheduleExpression"],
        FlexibleTimeWindow=asked["FlexibleTimeWindow"],
        Target=asked["Target"],
        State="DISABLED",
    )
    assert missing(standing, deployment) == f"the schedule {NAME} is disabled"


@pytest.mark.parametrize("ran", [False, True])
def test_it_is_missing_when_it_should_have_run_and_has_not(
    ran: bool, standing: Cloud, table: LeaseTable, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ran:
        beat(table, time.time())
    monkeypatch.setattr(standing, "clock", lambda: time.time() + SILENCE + 60)
    assert missing(standing, deployment).startswith("it has not run since" if ran else "it has never run")


def test_it_is_missing_for_the_pool_that_its_last_round_failed_for(
    standing: Cloud, table: LeaseTable, deployment: Deployment
) -> None:
    beat(table, time.time(), fit="no answer")
    assert missing(standing, deployment) == "its last round failed for this pool: no answer"
    assert reaper_brake(standing, deployment, "other").missing() == ""
