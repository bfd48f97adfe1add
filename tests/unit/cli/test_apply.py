"""``tideform apply``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.cli.project import SPEC, World, answer, enter
from tests.unit.views.plans import created, plan
from tideform.cli.app import main
from tideform.diagnostics import Diagnostic, Severity

Output = pytest.CaptureFixture[str]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return enter(tmp_path, monkeypatch)


@pytest.fixture
def saved(world: World) -> str:
    main(["plan", "--out", "the.plan"])
    return "the.plan"


def test_yes_applies_without_asking(world: World, capsys: Output) -> None:
    assert main(["apply", "--yes"]) == 0
    assert "Apply complete. Resources: 1 added, 0 changed, 0 destroyed." in capsys.readouterr().out


def test_the_outputs_are_printed_at_the_end(world: World, capsys: Output) -> None:
    main(["apply", "--yes"])
    assert capsys.readouterr().out.endswith('Outputs:\nstorage.bucket = "quickstart-digits"\n')


def test_the_plan_is_made_with_the_engine_of_the_lock(world: World) -> None:
    main(["apply", "--yes", "--wait", "2m"])
    assert (world.locked, world.asked["engine"]) == ([("apply", 120.0)], "the engine of the lock")


def test_only_yes_is_accepted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "y")
    assert main(["apply"]) == 1
    assert world.applied == []


def test_yes_at_the_terminal_applies(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "yes")
    assert main(["apply"]) == 0
    assert len(world.applied) == 1


def test_without_a_terminal_nothing_is_applied_that_nobody_confirmed(world: World, capsys: Output) -> None:
    assert main(["apply"]) == 1
    assert world.applied == []
    assert "TD352" in capsys.readouterr().err


def test_no_changes_need_no_answer(world: World) -> None:
    world.plan = plan()
    assert main(["apply"]) == 0


def test_an_error_of_the_review_is_not_applied(world: World, capsys: Output) -> None:
    world.plan = replace(world.plan, findings=(Diagnostic("TD702", Severity.ERROR, "control x does not hold"),))
    assert main(["apply", "--yes"]) == 1
    assert world.applied == []


def test_a_saved_plan_is_applied_without_asking(world: World, saved: str) -> None:
    assert main(["apply", saved]) == 0
    assert len(world.applied) == 1


def test_a_saved_plan_brings_its_environment_and_unit(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    world.plan = replace(world.plan, environment="test")
    main(["plan", "--out", "the.plan", "--environment", "test", "--unit", "nightly"])
    monkeypatch.delenv("TIDEFORM_ENVIRONMENT")
    assert main(["apply", "the.plan"]) == 0
    assert world.asked["unit"] == "nightly"


@pytest.mark.parametrize(("option", "refresh"), [([], True), (["--no-refresh"], False)], ids=["by-default", "not"])
def test_what_stands_is_read_back_unless_told_not_to(world: World, option: list[str], refresh: bool) -> None:
    assert main(["apply", "--yes", *option]) == 0
    assert world.asked["refresh"] is refresh


def test_a_saved_plan_that_puts_something_right_is_made_anew_with_a_refresh(world: World) -> None:
    world.plan = replace(world.plan, refreshed=(created(),))
    main(["plan", "--refresh", "--out", "the.plan"])
    assert main(["apply", "the.plan"]) == 0
    assert world.asked["refresh"] is True


def test_a_stale_plan_is_refused_with_everything_that_moved(world: World, saved: str, capsys: Output) -> None:
    Path("tideform.yaml").write_text(SPEC + "# changed\n")
    world.plan = plan(created(), created("more"))
    world.versions = {"engine": "3.251.0"}
    assert main(["apply", saved]) == 1
    assert world.applied == []
    error = capsys.readouterr().err
    assert [code for code in ("TD311", "TD313", "TD314") if code in error] == ["TD311", "TD313", "TD314"]


def test_a_saved_plan_takes_no_unit(world: World, saved: str) -> None:
    assert main(["apply", saved, "--unit", "nightly"]) == 1


def test_a_file_that_is_no_plan_is_refused_before_the_lock(world: World, capsys: Output) -> None:
    assert main(["apply", "tideform.yaml"]) == 1
    assert world.locked == []


def test_a_wait_that_is_no_duration_is_refused(world: World, capsys: Output) -> None:
    assert main(["apply", "--wait", "soon"]) == 1
    assert "--wait soon" in capsys.readouterr().err


def test_json_is_the_plan_and_what_became_of_it_and_nothing_else(world: World, capsys: Output) -> None:
    assert main(["apply", "--yes", "--json"]) == 0
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert told["format_version"]
    assert told["tideform"]["result"] == {
        "changed": 1,
        "outputs": {"storage.bucket": {"sensitive": False, "value": "quickstart-digits"}},
    }
    assert "created" in captured.err


def test_json_of_a_saved_plan_needs_no_yes(world: World, saved: str, capsys: Output) -> None:
    capsys.readouterr()
    assert main(["apply", saved, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tideform"]["result"]["changed"] == 1


def test_json_asks_nobody(world: World, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    answer(monkeypatch, "yes")
    assert main(["apply", "--json"]) == 1
    assert world.locked == []
    assert "give --yes or a saved plan" in capsys.readouterr().err
