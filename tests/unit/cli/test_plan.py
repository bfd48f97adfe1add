"""``tideform plan``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.cli.project import World, enter
from tests.unit.views.plans import created, plan
from tideform.cli.app import main
from tideform.diagnostics import Diagnostic, Severity
from tideform.plan.saved import load_saved


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return enter(tmp_path, monkeypatch)


def test_a_plan_is_shown_on_stdout(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan"]) == 0
    assert "Plan: 1 to add, 0 to change, 0 to destroy." in capsys.readouterr().out


@pytest.mark.parametrize(("resources", "code"), [((created(),), 2), ((), 0)])
def test_the_detailed_exit_code_tells_changes_from_none(world: World, resources: tuple[()], code: int) -> None:
    world.plan = plan(*resources)
    assert main(["plan", "--detailed-exitcode", "--offline"]) == code


def test_an_error_of_the_review_stops_a_pipeline(world: World) -> None:
    finding = Diagnostic("TD702", Severity.ERROR, "control x does not hold")
    world.plan = replace(world.plan, findings=(finding,))
    assert main(["plan", "--detailed-exitcode"]) == 1


def test_json_is_alone_on_stdout(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    main(["plan", "--json"])
    data = json.loads(capsys.readouterr().out)
    assert [s["program"] for s in data["tideform"]["stages"]] == ["storage"]


def test_options_reach_the_plan(world: World) -> None:
    main(["plan", "--refresh", "--unit", "nightly", "--pool", "nightly"])
    wanted = {"offline": False, "refresh": True, "unit": "nightly", "full_pool": "nightly"}
    assert {key: world.asked[key] for key in wanted} == wanted


def test_a_plan_is_saved(world: World, tmp_path: Path) -> None:
    assert main(["plan", "--out", "the.plan"]) == 0
    assert load_saved(tmp_path / "the.plan").resources[0].name == "digits"


@pytest.mark.parametrize(("options", "looked"), [([], True), (["--refresh"], True), (["--no-refresh"], False)])
def test_a_plan_to_be_saved_is_made_of_what_really_stands(
    world: World, tmp_path: Path, options: list[str], looked: bool
) -> None:
    main(["plan", "--out", "the.plan", *options])
    assert (world.asked["refresh"], load_saved(tmp_path / "the.plan").refreshed) == (looked, looked)


@pytest.mark.parametrize("other", [["--refresh"], ["--out", "x"]])
def test_an_offline_plan_knows_no_state(world: World, other: list[str], tmp_path: Path) -> None:
    assert main(["plan", "--offline", *other]) == 1
    assert not (tmp_path / "x").exists()


def test_an_unknown_unit_is_refused_with_a_suggestion(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.plan = plan()
    assert main(["plan", "--unit", "nightli"]) == 1
    assert "Did you mean 'nightly'?" in capsys.readouterr().err


def test_an_unknown_pool_is_refused(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--pool", "daily"]) == 1
    assert "TD351" in capsys.readouterr().err
