"""What data a plan would lose."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.plan.making import deployment, resource
from tideform.engine.data import Doomed, HeldData
from tideform.model.planned import Action, PlannedResource
from tideform.plan.losses import losses

BUCKET = "aws:s3/bucket:Bucket"
SPEC: dict[str, Any] = {"storage": {"landing": {"kind": "dataset"}}}


def gone(token: str = BUCKET, action: Action = Action.DELETE) -> PlannedResource:
    return PlannedResource("storage", token, "raw", action, {}, None, id="demo-dev-raw")


def full(_cloud: object, doomed: tuple[Doomed, ...]) -> tuple[HeldData, ...]:
    return tuple(HeldData(each, "objects") for each in doomed if each.type == BUCKET)


@pytest.fixture(autouse=True)
def world(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every bucket is full."""
    monkeypatch.setattr("tideform.connect.cloud_for", lambda _deployment: "the cloud")
    monkeypatch.setattr("tideform.engine.data.held_data", full)


@pytest.mark.parametrize("action", [Action.DELETE, Action.REPLACE])
def test_data_that_would_go_unnamed_is_an_error_with_the_name_that_it_may_have_now(action: Action) -> None:
    (found,) = losses(deployment(**SPEC), [gone(action=action), resource(BUCKET, "landing", "storage")], ())
    assert (found.code, "to: storage.landing" in found.fix) == ("TD330", True)


def test_data_that_was_named_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [f.code for f in losses(deployment(**SPEC), [gone()], ("raw",))] == ["TD336"]


@pytest.mark.parametrize("token", ["aws:kms/key:Key", "aws:dynamodb/table:Table"])
def test_what_the_environment_stands_on_is_never_taken_away_by_an_apply(token: str) -> None:
    assert [f.code for f in losses(deployment(**SPEC), [gone(token, Action.REPLACE)], ("raw",))] == ["TD334"]


@pytest.mark.parametrize("folder", ["training", "bursts"])
def test_logs_of_jobs_that_go_with_their_pool_are_told(folder: str) -> None:
    group = f"/tideform/demo-dev/{folder}/nightly"
    doomed = PlannedResource(
        "training/nightly", "aws:cloudwatch/logGroup:LogGroup", "log", Action.DELETE, {}, None, id=group
    )
    (found,) = losses(deployment(), [doomed], ())
    assert (found.code, group in found.detail) == ("TD347", True)


def test_nothing_is_asked_where_nothing_with_data_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tideform.connect.cloud_for", lambda _deployment: pytest.fail("the cloud was asked"))
    assert losses(deployment(**SPEC), [gone("aws:iam/role:Role"), resource(BUCKET, "landing", "storage")], ()) == ()
