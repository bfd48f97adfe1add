"""``tideform destroy``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.project import World, answer, enter
from tests.unit.views.plans import created, plan
from tideform.burst.receipt import Receipt
from tideform.cli.app import main
from tideform.resources.inventory import Leftover
from tideform.unasked import Unasked

Output = pytest.CaptureFixture[str]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return enter(tmp_path, monkeypatch)


def test_what_is_destroyed_is_not_said_to_have_left_the_spec(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    world.plan = plan(created(), removed_programs=("training/nightly",))
    answer(monkeypatch, "no")
    main(["destroy"])
    assert "\nPlanned for removal:\n" in capsys.readouterr().out


def test_yes_destroys_and_ends_with_an_empty_receipt(world: World, capsys: Output) -> None:
    assert main(["destroy", "--yes"]) == 0
    assert "Receipt for quickstart-dev: nothing is left (3 questions asked).\n" in capsys.readouterr().out


def test_what_may_be_lost_and_the_unit_reach_the_engine(world: World) -> None:
    main(["destroy", "--yes", "--delete-data", "digits", "--delete-data", "models", "--unit", "nightly"])
    assert (world.destroyed[0]["delete_data"], world.destroyed[0]["unit"]) == (("digits", "models"), "nightly")


def test_a_leftover_has_an_exit_code_of_its_own_and_its_price(world: World, capsys: Output) -> None:
    disk = Leftover("ec2", "volume", "vol-1", hourly_usd=0.011)
    world.receipt = Receipt("quickstart-dev", leftovers=(disk,), asked=3)
    assert main(["destroy", "--yes"]) == 3
    assert "- ec2 volume vol-1, 0.0110 USD an hour" in capsys.readouterr().out


def test_a_service_that_did_not_answer_is_no_proof(world: World) -> None:
    world.receipt = Receipt("quickstart-dev", unasked=(Unasked("volumes", "denied"),), asked=2)
    assert main(["destroy", "--yes"]) == 3


def test_what_stays_on_purpose_is_no_leftover(world: World, capsys: Output) -> None:
    key = Leftover("kms", "key", "k-1", note="deleted on 2026-12-01", kept=True)
    world.receipt = Receipt("quickstart-dev", kept=(key,), asked=3)
    assert main(["destroy", "--yes"]) == 0
    assert "Stays on purpose:\n    kms key k-1: deleted on 2026-12-01" in capsys.readouterr().out


def test_what_goes_is_shown_before_the_question(world: World, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    answer(monkeypatch, "no")
    assert main(["destroy"]) == 1
    out = capsys.readouterr().out
    assert out.index("Plan: ") < out.index("Do you really want to destroy everything of quickstart-dev?")
    assert world.asked["destroy"] is True
    assert world.destroyed == []


@pytest.mark.parametrize(("words", "destroyed"), [(("yes", "yes"), 0), (("yes",), 0), (("yes", "quickstart-dev"), 1)])
def test_data_goes_only_when_its_place_is_typed(
    world: World, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], destroyed: int
) -> None:
    answer(monkeypatch, *words)
    main(["destroy", "--delete-data", "digits"])
    assert len(world.destroyed) == destroyed


def test_without_a_terminal_nothing_is_destroyed_that_nobody_confirmed(world: World) -> None:
    assert main(["destroy"]) == 1
    assert world.destroyed == []


def test_a_misspelt_store_is_refused_with_a_suggestion(world: World, capsys: Output) -> None:
    assert main(["destroy", "--yes", "--delete-data", "digit"]) == 1
    assert world.destroyed == []
    assert "Did you mean 'digits'?" in capsys.readouterr().err


def test_an_unknown_unit_is_refused_before_anything_happens(world: World, capsys: Output) -> None:
    assert main(["destroy", "--yes", "--unit", "nigthly"]) == 1
    assert world.destroyed == []
    assert "Did you mean 'nightly'?" in capsys.readouterr().err


def test_where_nothing_stands_it_says_so(world: World, capsys: Output) -> None:
    world.plan = plan()
    assert main(["destroy"]) == 1
    assert "Nothing stands." in capsys.readouterr().out
