"""Whose doing a failure was, by when it came: the job's own, or that of a machine that was about to go."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tideform.backends.training.ec2.in_account import group
from tideform.backends.training.ec2.in_account.losses import SETTLE, fresh, lost, saving
from tideform.reaper import instances

WENT = 1_800_000_000.0
HANDLE = {"group": "pair"}


@pytest.fixture(autouse=True)
def went(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """``i-1`` is gone; ``told`` is when EC2 says so, ``begun`` when Auto Scaling began to end it."""
    when = SimpleNamespace(told=None, begun=WENT)
    monkeypatch.setattr(group, "going", lambda _clients, _handle, ids: sorted({"i-1"} & set(ids)))
    monkeypatch.setattr(group, "activities", lambda *_, **__: activities(when.begun))
    monkeypatch.setattr(instances, "described", lambda *_: [{}])
    monkeypatch.setattr(instances, "node_of", lambda _: SimpleNamespace(ended=when.told))
    return when


def activities(begun: float | None) -> list[dict[str, Any]]:
    if begun is None:
        return []
    other = {"Description": "Terminating EC2 instance: i-2", "StartTime": at(0)}
    return [other, {"Description": "Terminating EC2 instance: i-1", "StartTime": at(begun)}]


def at(when: float) -> datetime:
    return datetime.fromtimestamp(when, UTC)


def on(machine: str, status: str, ended: float | None = None, code: int = -1) -> dict[str, Any]:
    plugin = {"ResponseCode": code, **({} if ended is None else {"ResponseFinishDateTime": at(ended)})}
    return {"InstanceId": machine, "Status": status, "CommandPlugins": [plugin]}


def losses(*invocations: dict[str, Any]) -> list[str]:
    return lost(cast(Any, None), HANDLE, invocations)


def test_what_ssm_takes_to_run_on_a_machine_that_is_gone_is_lost() -> None:
    assert losses(on("i-1", "InProgress")) == ["i-1"]


def test_what_runs_on_machines_that_stay_is_not() -> None:
    assert losses(on("i-2", "InProgress")) == []


@pytest.mark.parametrize(("early", "told"), [(0, ["i-1"]), (SETTLE, ["i-1"]), (SETTLE + 1, [])])
def test_a_failure_is_the_machines_unless_it_came_before_that_began_to_go(early: float, told: list[str]) -> None:
    assert losses(on("i-1", "Failed", WENT - early)) == told


def test_the_first_word_of_a_machines_end_counts(went: SimpleNamespace) -> None:
    went.told = WENT - 300
    assert losses(on("i-1", "Failed", WENT - 200)) == ["i-1"]


def test_a_failure_is_the_jobs_own_where_nobody_tells_when_its_machine_went(went: SimpleNamespace) -> None:
    went.begun = None
    assert losses(on("i-1", "Failed", WENT)) == []


def test_what_became_of_the_other_ranks_after_a_machine_went_is_its_doing() -> None:
    assert losses(on("i-1", "InProgress"), on("i-2", "Failed", WENT + 5)) == ["i-1"]


def test_that_a_rank_failed_first_is_no_loss_although_another_ones_machine_went_later() -> None:
    assert losses(on("i-2", "Failed", WENT - 60), on("i-1", "InProgress")) == []


def test_a_machine_that_went_after_its_command_succeeded_takes_nothing_along() -> None:
    assert losses(on("i-1", "Success", WENT - 60), on("i-2", "InProgress")) == []


@pytest.mark.parametrize(
    ("status", "ago", "told"),
    [("Failed", SETTLE - 1, True), ("Failed", SETTLE, False), ("Success", 1, False), ("InProgress", 1, False)],
)
def test_of_a_failure_of_the_last_seconds_nobody_can_tell_yet_whose_it_was(status: str, ago: float, told: bool) -> None:
    assert fresh([on("i-1", status, WENT - ago)], WENT) == told


@pytest.mark.parametrize(
    ("status", "code", "ago", "told"),
    [
        ("Cancelled", 137, 0, True),
        ("Cancelled", 137, 45, True),
        ("Cancelled", 137, 51, False),
        ("TimedOut", 137, 0, True),
        ("Failed", 137, 0, True),
        ("Failed", 1, 0, False),
        ("Success", 0, 0, False),
        ("InProgress", -1, 0, False),
    ],
)
def test_what_ssm_has_just_killed_may_still_save_its_work(status: str, code: int, ago: float, told: bool) -> None:
    assert saving([on("i-2", status, WENT - ago, code)], WENT) == ({"i-2"} if told else set())


def test_what_was_cancelled_before_it_came_to_its_machine_has_nothing_to_save() -> None:
    assert saving([on("i-2", "Cancelled")], WENT) == set()
