"""The reaper as a brake: no capacity where it would not come."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import tideform
from tideform.burst.brakes import Kind
from tideform.burst.lease import Lease
from tideform.burst.reaper.dry_run import answer, digest_of
from tideform.burst.reaper.items import SILENCE, Item, Items
from tideform.burst.reaper.legible import THE_TABLE
from tideform.burst.reaper.settings import Settings
from tideform.burst.reaper_brake import reaper_brake
from tideform.burst.reaper_code import put_code_back
from tideform.burst.reaper_proof import _BUSY
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.components.policies import Statement, allow, document
from tideform.components.reaper_package import HANDLER, package
from tideform.components.reaper_plan import REAPER, SCHEDULE_ROLE, TIMEOUT, calling, statements, variables
from tideform.components.scope import Scope
from tideform.spec.deployment import Deployment

NAME = "demo-dev-reaper"


@pytest.fixture
def standing(
    cloud: Cloud, table: LeaseTable, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Cloud]:
    """Function, schedule and roles as foundation makes them, a moment ago; the function answers as ours does."""
    monkeypatch.setattr(cloud, "clock", time.time)
    scope = Scope(deployment, "foundation")
    roles = {part: _role(cloud, f"demo-dev-{part}", wanted) for part, wanted in _wanted(scope).items()}
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("nothing.py", "")
    function = cloud.client("lambda").create_function(
        FunctionName=NAME,
        Runtime="python3.13",
        Role=roles[REAPER],
        Handler=HANDLER,
        Timeout=TIMEOUT,
        Environment={"Variables": variables(scope)},
        Code={"ZipFile": code.getvalue()},
    )["FunctionArn"]
    cloud.client("scheduler").create_schedule(
        Name=NAME,
        ScheduleExpression="rate(5 minutes)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": function, "RoleArn": roles[SCHEDULE_ROLE]},
    )
    settings = Settings(table.name, "demo", "dev")
    told = lambda _proof, pool: answer(table.items, settings, SOURCES, pool, time.time())  # noqa: E731
    monkeypatch.setattr("tideform.burst.reaper_proof.Proof._asked", told)
    yield cloud


SOURCES = Path(tideform.__file__).parents[1]


@pytest.fixture(autouse=True)
def package_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the tests the function's package is the folder of the sources, of which it is a part on Lambda."""
    texts = package()
    monkeypatch.setattr("tideform.burst.reaper.dry_run.digest", lambda _package: digest_of(texts))


def _wanted(scope: Scope) -> dict[str, list[Statement]]:
    return {REAPER: statements(scope), SCHEDULE_ROLE: calling(scope, NAME)}


def _role(cloud: Cloud, name: str, wanted: list[Statement]) -> str:
    iam, trust = cloud.client("iam"), json.dumps({"Version": "2012-10-17", "Statement": []})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=document(*wanted))
    return str(arn)


def schedule(cloud: Cloud, **changes: Any) -> None:
    """Change the schedule."""
    api, kept = cloud.client("scheduler"), ("ScheduleExpression", "FlexibleTimeWindow", "Target", "State")
    found = api.get_schedule(Name=NAME)
    api.update_schedule(Name=NAME, **{**{key: found[key] for key in kept}, **changes})


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
    schedule(standing, State="DISABLED")
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


def test_it_is_missing_when_its_last_round_could_not_read_the_table(
    standing: Cloud, table: LeaseTable, deployment: Deployment
) -> None:
    beat(table, time.time(), **{THE_TABLE: "refused"})
    assert missing(standing, deployment) == "its last round could not read the lease table: refused"


def test_a_dry_run_fails_where_a_round_could_not_read_the_table(
    table: LeaseTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Items) -> list[Item]:
        raise PermissionError("no scan")

    monkeypatch.setattr("tideform.burst.reaper.items.Items.all", refuse)
    with pytest.raises(PermissionError):
        answer(table.items, Settings(table.name, "demo", "dev"), SOURCES, "fit", time.time())


ELSEWHERE = {"Arn": "arn:aws:lambda:us-east-1:123456789012:function:other", "RoleArn": "arn:aws:iam::1:role/other"}
OTHER = document(allow("Other", ["s3:GetObject"], ["*"]))
NO_POLICY = {"RoleName": "demo-dev-reaper", "PolicyName": "demo-dev-reaper"}


def _configured(**changes: Any) -> Callable[[Cloud], object]:
    return lambda cloud: cloud.client("lambda").update_function_configuration(FunctionName=NAME, **changes)


def _variables(cloud: Cloud) -> dict[str, str]:
    found = cloud.client("lambda").get_function_configuration(FunctionName=NAME)
    return dict(found["Environment"]["Variables"])


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        (lambda cloud: schedule(cloud, ScheduleExpression="rate(30 days)"), "its expression is rate(30 days)"),
        (lambda cloud: schedule(cloud, ScheduleExpression="at(2020-01-01T00:00:00)"), "its expression is at(2020"),
        (lambda cloud: schedule(cloud, Target=ELSEWHERE), "its target is"),
        (_configured(Environment={"Variables": {"TABLE": "other"}}), "its variable TABLE is other, and should be"),
        (
            lambda cloud: _configured(Environment={"Variables": {**_variables(cloud), "UNHELD_GRACE": "9"}})(cloud),
            "its variable UNHELD_GRACE is 9, and should be 900",
        ),
        (_configured(Handler="other.handler"), "its handler is other.handler"),
        (_configured(Timeout=1), "its time-out is 1 s"),
        (lambda cloud: cloud.client("iam").delete_role_policy(**NO_POLICY), "has not its policy"),
        (
            lambda cloud: cloud.client("iam").put_role_policy(**NO_POLICY, PolicyDocument=OTHER),
            "the policy of the role demo-dev-reaper is not what it should be",
        ),
    ],
    ids=[
        "rarely",
        "once",
        "another-target",
        "another-table",
        "another-grace",
        "another-handler",
        "no-time",
        "no-policy",
        "other-policy",
    ],
)
def test_it_is_missing_where_one_of_its_parts_is_another(
    breaks: Callable[[Cloud], object], said: str, standing: Cloud, table: LeaseTable, deployment: Deployment
) -> None:
    beat(table, time.time())
    breaks(standing)
    assert said in missing(standing, deployment)


def test_it_is_missing_when_its_last_round_was_long_ago_however_new_its_schedule_is(
    standing: Cloud, table: LeaseTable, deployment: Deployment
) -> None:
    beat(table, time.time() - SILENCE - 60)
    assert missing(standing, deployment).startswith("it has not run since")


def test_it_is_missing_when_its_code_is_other_code(
    standing: Cloud, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tideform.burst.reaper.dry_run.digest", lambda _: "other")
    assert "its code is other, and should be" in missing(standing, deployment)


def test_it_is_missing_when_it_does_not_see_this_very_lease(
    standing: Cloud, table: LeaseTable, lease: Lease, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.acquire(replace(lease, created=int(time.time()), deadline=int(time.time()) + 60))
    assert missing(standing, deployment) == ""
    told = {"code": digest_of(package()), "table": table.name, "ends": {}}
    monkeypatch.setattr("tideform.burst.reaper_proof.Proof._asked", lambda *_: told)
    assert f"it does not see the lease {lease.id}" in missing(standing, deployment)


OURS = digest_of(package())


@pytest.mark.parametrize(
    ("told", "put"),
    [
        (_BUSY, False),
        ({"code": OURS, "table": "other", "ends": {}}, False),
        ({"code": "other", "table": "demo-dev-leases", "ends": {}}, True),
        ("it does not answer a dry run: other code", True),
        ("it fails when it is asked: no module", True),
    ],
    ids=["busy", "another-table", "other-code", "other-answer", "failing"],
)
def test_its_code_is_put_back_only_where_the_code_is_wrong(
    told: object, put: bool, standing: Cloud, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tideform.burst.reaper_proof.Proof._asked", lambda *_: told)
    before = standing.client("lambda").get_function_configuration(FunctionName=NAME)["CodeSha256"]
    said = put_code_back(standing, deployment)
    after = standing.client("lambda").get_function_configuration(FunctionName=NAME)["CodeSha256"]
    assert (said.startswith("put the reaper's code back"), before != after) == (put, put)
