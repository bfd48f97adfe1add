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

from tests.unit.burst.conftest import Apply
from tideform.burst.brakes import Kind
from tideform.burst.lease import Lease
from tideform.burst.reaper_answer import BUSY
from tideform.burst.reaper_brake import reaper_brake, unfit
from tideform.burst.reaper_code import put_code_back
from tideform.burst.reaper_proof import Proof
from tideform.burst.reaper_zip import code_digest, sha256, zipped
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.components.iam.policies import Statement, allow, document
from tideform.components.reaper.package import HANDLER
from tideform.components.reaper.plan import (
    REAPER,
    SCHEDULE_ROLE,
    TIMEOUT,
    calling,
    files,
    handles,
    statements,
    variables,
)
from tideform.components.scope import Scope
from tideform.reaper.dry_run import answer
from tideform.reaper.items import SILENCE, Item, Items
from tideform.reaper.legible import THE_TABLE
from tideform.reaper.settings import Settings
from tideform.spec.deployment import Deployment
from tideform.spec.quantities import Count, Duration

NAME = "demo-dev-reaper"


@pytest.fixture
def standing(
    cloud: Cloud, table: LeaseTable, deployment: Deployment, unpacked: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Cloud]:
    """Function, schedule and roles as foundation makes them, a moment ago; the function answers as ours does."""
    monkeypatch.setattr(cloud, "clock", time.time)
    scope = Scope(deployment, "foundation")
    roles = {part: _role(cloud, f"demo-dev-{part}", wanted) for part, wanted in _wanted(scope).items()}
    function = cloud.client("lambda").create_function(
        FunctionName=NAME,
        Runtime="python3.13",
        Role=roles[REAPER],
        Handler=HANDLER,
        Timeout=TIMEOUT,
        Environment={"Variables": variables(scope)},
        Code={"ZipFile": zipped(files(deployment))},
    )["FunctionArn"]
    cloud.client("scheduler").create_schedule(
        Name=NAME,
        ScheduleExpression="rate(5 minutes)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": function, "RoleArn": roles[SCHEDULE_ROLE]},
    )
    settings = Settings(table.name, "demo", "dev", handles=handles(deployment))
    told = lambda _proof, pool: answer(table.items, settings, unpacked, pool, time.time())  # noqa: E731
    monkeypatch.setattr("tideform.burst.reaper_proof.Proof._asked", told)
    yield cloud


@pytest.fixture
def unpacked(tmp_path: Path, deployment: Deployment) -> Path:
    """The function's package as Lambda unpacks it."""
    with zipfile.ZipFile(io.BytesIO(zipped(files(deployment)))) as archive:
        archive.extractall(tmp_path / "task")
    return tmp_path / "task"


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
    table: LeaseTable, unpacked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Items) -> list[Item]:
        raise PermissionError("no scan")

    monkeypatch.setattr("tideform.reaper.items.Items.all", refuse)
    with pytest.raises(PermissionError):
        answer(table.items, Settings(table.name, "demo", "dev"), unpacked, "fit", time.time())


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


def edited(deployment: Deployment) -> Deployment:
    """With another grace, and a pool more, of a backend that asks for other rights."""
    extra = deployment.spec.training["fit"].model_copy(update={"backend": "ec2", "nodes": Count(1, 1)})
    limits = deployment.spec.limits.model_copy(update={"unheld_grace": Duration(600)})
    update = {"training": {**deployment.spec.training, "extra": extra}, "limits": limits}
    return replace(deployment, spec=deployment.spec.model_copy(update=update))


def test_an_edit_that_is_not_applied_breaks_no_brake(
    standing: Cloud, table: LeaseTable, deployment: Deployment, apply: Apply
) -> None:
    apply(deployment)
    beat(table, time.time())
    assert (unfit(standing, edited(deployment)), missing(standing, edited(deployment))) == (None, "")


def test_a_policy_that_no_apply_has_put_there_is_told_even_where_the_spec_has_it(
    standing: Cloud, table: LeaseTable, deployment: Deployment, apply: Apply
) -> None:
    apply(edited(deployment))
    beat(table, time.time())
    assert "variable UNHELD_GRACE is 900, and should be 600" in missing(standing, deployment)
    _configured(Environment={"Variables": variables(Scope(edited(deployment), "foundation"))})(standing)
    assert "the policy of the role demo-dev-reaper is not what it should be" in missing(standing, deployment)


def test_what_the_state_does_not_tell_is_held_against_the_spec(
    standing: Cloud, table: LeaseTable, deployment: Deployment
) -> None:
    beat(table, time.time())
    assert "variable UNHELD_GRACE is 900, and should be 600" in missing(standing, edited(deployment))


def test_it_is_missing_when_its_last_round_was_long_ago_however_new_its_schedule_is(
    standing: Cloud, table: LeaseTable, deployment: Deployment
) -> None:
    beat(table, time.time() - SILENCE - 60)
    assert missing(standing, deployment).startswith("it has not run since")


@pytest.mark.parametrize("file", ["tideform/reaper/handler.py", "tideform/reaper/more.pyc", "more.json"])
def test_it_is_missing_when_any_file_of_its_code_is_another(
    file: str, standing: Cloud, deployment: Deployment, unpacked: Path
) -> None:
    (unpacked / file).write_bytes(b"other")
    assert "its code is" in missing(standing, deployment)


def test_what_python_has_compiled_by_itself_is_none_of_its_code(
    standing: Cloud, deployment: Deployment, unpacked: Path
) -> None:
    compiled = unpacked / "tideform" / "__pycache__" / "__init__.pyc"
    compiled.parent.mkdir()
    compiled.write_bytes(b"compiled")
    assert missing(standing, deployment) == ""


def test_it_is_missing_when_it_was_told_another_way_to_end_the_pool(
    standing: Cloud, table: LeaseTable, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {"code": code_digest(deployment), "table": table.name, "ends": {}, "handle": {"backend": "ec2"}}
    monkeypatch.setattr("tideform.burst.reaper_proof.Proof._asked", lambda *_: other)
    assert "it would end fit as another spec has it" in missing(standing, deployment)


@pytest.fixture
def of_another_environment(
    standing: Cloud, table: LeaseTable, deployment: Deployment, unpacked: Path, monkeypatch: pytest.MonkeyPatch
) -> Cloud:
    """The function has our code, and the handles of another environment's pools."""
    there = replace(deployment, environment="prod")
    standing.client("lambda").update_function_code(FunctionName=NAME, ZipFile=zipped(files(there)))
    settings = Settings(table.name, "demo", "dev", handles=handles(there))
    told = lambda _proof, pool: answer(table.items, settings, unpacked, pool, time.time())  # noqa: E731
    monkeypatch.setattr("tideform.burst.reaper_proof.Proof._asked", told)
    beat(table, time.time())
    return standing


def test_whoever_looks_is_told_of_handles_of_another_environment_where_no_state_knows_the_function(
    of_another_environment: Cloud, deployment: Deployment
) -> None:
    found = unfit(of_another_environment, deployment)
    assert found is not None
    assert "as another spec, or environment, has them" in found.detail


def test_an_apply_puts_the_handles_back_with_the_code(of_another_environment: Cloud, deployment: Deployment) -> None:
    assert "its handles are not this one's" in put_code_back(of_another_environment, deployment)
    found = of_another_environment.client("lambda").get_function_configuration(FunctionName=NAME)
    assert found["CodeSha256"] == sha256(zipped(files(deployment)))


@pytest.mark.usefixtures("applied", "never_asked")
def test_handles_of_another_environment_are_told_by_the_digest_of_what_the_last_apply_has_put_there(
    standing: Cloud, deployment: Deployment
) -> None:
    there = replace(deployment, environment="prod")
    standing.client("lambda").update_function_code(FunctionName=NAME, ZipFile=zipped(files(there)))
    assert put_code_back(standing, deployment).startswith("put the reaper's code back")


@pytest.fixture
def never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> object:
        raise AssertionError("the function was run")

    monkeypatch.setattr("tideform.burst.reaper_proof.Proof._asked", refuse)


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state tells which code the last apply has put there: other code than stands."""
    monkeypatch.setattr("tideform.burst.reaper_zip._applied", lambda *_: ["what the engine has sent"])


def replace_code(cloud: Cloud) -> None:
    cloud.client("lambda").update_function_code(FunctionName=NAME, ZipFile=zipped({"other.py": "other"}))


@pytest.mark.usefixtures("applied", "never_asked")
def test_code_that_the_last_apply_has_not_put_there_is_never_run(
    standing: Cloud, table: LeaseTable, deployment: Deployment
) -> None:
    beat(table, time.time())
    replace_code(standing)
    assert "its code is not what was put there" in missing(standing, deployment)
    found = unfit(standing, deployment)
    assert found is not None
    assert "its code is not what was put there" in found.detail


@pytest.mark.usefixtures("applied")
def test_code_that_was_put_back_is_known_again(standing: Cloud, table: LeaseTable, deployment: Deployment) -> None:
    beat(table, time.time())
    replace_code(standing)
    assert put_code_back(standing, deployment).startswith("put the reaper's code back")
    assert missing(standing, deployment) == ""


@pytest.mark.usefixtures("applied", "never_asked")
def test_an_apply_tells_other_code_by_its_digest_and_runs_none_of_it(standing: Cloud, deployment: Deployment) -> None:
    assert put_code_back(standing, deployment) == ""
    replace_code(standing)
    assert put_code_back(standing, deployment).startswith("put the reaper's code back")


def test_a_zip_is_the_same_wherever_it_is_made() -> None:
    assert sha256(zipped({"b.py": "b", "a.py": "a"})) == "zQlToFaMHt3seaq2cOPItKnwNyEmlFfRtxDeyyzB0wg="


def test_whoever_only_looks_is_not_told_of_a_round_at_work(
    standing: Cloud, table: LeaseTable, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat(table, time.time())
    monkeypatch.setattr("tideform.burst.reaper_proof.Proof._asked", lambda *_: BUSY)
    assert unfit(standing, deployment) is None
    assert "busy" in missing(standing, deployment)


def test_it_is_missing_when_it_does_not_see_this_very_lease(
    standing: Cloud, table: LeaseTable, lease: Lease, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.acquire(replace(lease, created=int(time.time()), deadline=int(time.time()) + 60))
    assert missing(standing, deployment) == ""
    told = {"code": code_digest(deployment), "table": table.name, "ends": {}}
    monkeypatch.setattr("tideform.burst.reaper_proof.Proof._asked", lambda *_: told)
    assert f"it does not see the lease {lease.id}" in missing(standing, deployment)


def test_it_need_not_see_a_lease_that_is_given_back_while_it_is_asked(
    standing: Cloud, table: LeaseTable, lease: Lease, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = replace(lease, created=int(time.time()), deadline=int(time.time()) + 60)
    table.acquire(gone)
    asked = Proof._asked

    def while_it_goes(proof: Proof, identity: str) -> Any:
        table.release(gone, gone.created)
        return asked(proof, identity)

    monkeypatch.setattr("tideform.burst.reaper_proof.Proof._asked", while_it_goes)
    assert missing(standing, deployment) == ""


@pytest.mark.parametrize(
    ("told", "put"),
    [
        (BUSY, False),
        ({"code": "ours", "table": "other", "ends": {}, "handles": "ours"}, False),
        ({"code": "other", "table": "demo-dev-leases", "ends": {}, "handles": "ours"}, True),
        ({"code": "ours", "table": "demo-dev-leases", "ends": {}, "handles": "of another environment"}, True),
        ("it does not answer a dry run: other code", True),
        ("it fails when it is asked: no module", True),
    ],
    ids=["busy", "another-table", "other-code", "other-handles", "other-answer", "failing"],
)
def test_its_code_is_put_back_only_where_the_code_is_wrong(
    told: object, put: bool, standing: Cloud, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tideform.burst.reaper_proof.Proof._asked", lambda *_: told)
    monkeypatch.setattr("tideform.burst.reaper_proof.code_digest", lambda _: "ours")
    monkeypatch.setattr("tideform.burst.reaper_proof.handles_digest", lambda _: "ours")
    replace_code(standing)
    before = standing.client("lambda").get_function_configuration(FunctionName=NAME)["CodeSha256"]
    said = put_code_back(standing, deployment)
    after = standing.client("lambda").get_function_configuration(FunctionName=NAME)["CodeSha256"]
    assert (said.startswith("put the reaper's code back"), before != after) == (put, put)
