"""What would not act by itself: told, and the programs that made it are read back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.plan.making import deployment, pool
from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import CloudError
from tideform.operations.by_itself import inert, standing_inert
from tideform.spec.deployment import Deployment
from tideform.state.checkpoint import BrokenStateError

DENIED = CloudError.of("TD611", "A cloud service refused", detail="AccessDenied: lambda:InvokeFunction")
BROKEN = Diagnostic("TD625", Severity.WARNING, "The reaper is not as it should be", detail="", fix="")
CLOUD: Any = None


@pytest.fixture
def spec(monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """Its reaper is as it should be, and nothing is switched off."""
    monkeypatch.setattr("tideform.burst.reaper_brake.unfit", lambda *_: None)
    monkeypatch.setattr("tideform.burst.starters.switched_off", lambda *_: {})
    return deployment(training=pool())


def blind(_cloud: object, _deployment: object) -> None:
    raise DENIED


def test_where_all_acts_nothing_is_told_or_read_back(spec: Deployment) -> None:
    found = inert(CLOUD, spec)
    assert (found.findings, found.made_by) == ((), frozenset())


def test_of_a_reaper_that_is_not_as_it_should_be_foundation_is_read_back(
    spec: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tideform.burst.reaper_brake.unfit", lambda *_: BROKEN)
    found = inert(CLOUD, spec)
    assert (found.findings, found.made_by) == ((BROKEN,), frozenset({"foundation"}))


def test_of_a_starter_that_is_switched_off_its_pool_is_read_back(
    spec: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tideform.burst.starters.switched_off", lambda *_: {"nightly": "demo-dev-nightly-starter"})
    found = inert(CLOUD, spec)
    assert ([one.code for one in found.findings], found.made_by) == (["TD628"], frozenset({"training/nightly"}))
    assert "demo-dev-nightly-starter" in found.findings[0].detail


def test_a_plan_of_one_unit_is_told_of_no_others_starter(spec: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tideform.burst.starters.switched_off", lambda *_: {"nightly": "demo-dev-nightly-starter"})
    assert inert(CLOUD, spec, "other").findings == ()


def test_whoever_may_not_ask_the_reaper_is_told_which_right_that_takes(
    spec: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tideform.burst.reaper_brake.unfit", blind)
    (found,) = inert(CLOUD, spec).findings
    assert (found.code, found.severity, "lambda:InvokeFunction" in found.fix) == ("TD611", Severity.WARNING, True)


def test_whoever_may_not_ask_the_starters_is_told_and_is_no_worse_off(
    spec: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tideform.burst.starters.switched_off", blind)
    found = inert(CLOUD, spec)
    assert ([one.severity for one in found.findings], found.made_by) == ([Severity.WARNING], frozenset())


def test_what_could_not_be_looked_at_is_missing_and_its_problem_told_once(
    spec: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tideform.burst.reaper_brake.unfit", blind)
    monkeypatch.setattr("tideform.burst.starters.switched_off", blind)
    gaps = inert(CLOUD, spec).gaps
    assert [str(one.what) for one in gaps.all] == ["reaper", "schedules and triggers"]
    assert gaps.problems == ()


def test_a_state_that_cannot_be_read_keeps_its_own_way_out(spec: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise BrokenStateError.of("TD415", "The state cannot be read", detail="odd", fix="A copy.")

    monkeypatch.setattr("tideform.burst.reaper_brake.unfit", broken)
    found = inert(CLOUD, spec)
    assert [one.fix for one in found.findings] == ["A copy."]
    assert [one.what for one in found.gaps.unreadable] == ["reaper"]


def test_nothing_is_asked_without_an_engine(spec: Deployment) -> None:
    assert standing_inert(spec, None).findings == ()
