"""``tideform sandbox``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.project import answer
from tideform.cli.app import main
from tideform.errors import ExitCode
from tideform.local import client
from tideform.paths import Workspace
from tideform.state import boot

_SPEC = "version: 1\nproject: p\nowner: me\nregion: eu-west-1\nenvironments:\n  dev: {target: local}\n"
_SHOW = "import os, sys; print(os.environ['AWS_REGION']); sys.exit(3)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("project")
    (made / "tideform.yaml").write_text(_SPEC, encoding="utf-8")
    yield made
    client.stop(Workspace(made))


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("TIDEFORM_ENVIRONMENT", raising=False)
    return folder


def test_status_of_what_does_not_run_starts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tideform.yaml").write_text(_SPEC, encoding="utf-8")
    assert main(["sandbox", "status"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith("The sandbox does not run")
    assert not (tmp_path / ".tideform").exists()


def test_without_a_spec_there_is_no_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sandbox", "start"]) == ExitCode.ERROR
    assert "TD515" in capsys.readouterr().err


def test_status_tells_where_it_is_and_what_has_no_behaviour(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["sandbox", "start"])
    capsys.readouterr()
    assert main(["sandbox", "status"]) == ExitCode.OK
    told = capsys.readouterr().out
    running = client.ensure(Workspace(here))
    assert running.endpoint in told
    assert "Instances: 0\nJobs: 0\n" in told
    assert "without behaviour" in told


def test_status_is_told_as_data_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    running = client.ensure(Workspace(here))
    main(["sandbox", "status", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (told["running"], told["endpoint"], told["jobs"]) == (True, running.endpoint, [])


def test_env_prints_what_a_shell_takes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "env"]) == ExitCode.OK
    told = capsys.readouterr().out.splitlines()
    assert f"export AWS_ENDPOINT_URL={client.ensure(Workspace(here)).endpoint}" in told
    assert "export AWS_REGION=eu-west-1" in told


def test_exec_runs_a_command_with_those_variables_and_ends_as_it_does(
    here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["sandbox", "exec", "--", sys.executable, "-c", _SHOW]) == 3
    assert capfd.readouterr().out == "eu-west-1\n"


def test_exec_lets_no_other_account_through(
    here: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    main(["sandbox", "exec", "--", sys.executable, "-c", "import os; print(os.environ.get('AWS_PROFILE'))"])
    assert capfd.readouterr().out == "None\n"
    assert os.environ["AWS_PROFILE"] == "production"


def test_a_command_that_does_not_exist_is_an_error(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "exec", "--", "no-such-command"]) == 101
    assert "TD516" in capsys.readouterr().err


def test_reset_says_what_it_throws_away_and_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tideform.yaml").write_text(_SPEC, encoding="utf-8")
    boot.remember(Workspace(tmp_path), "dev", "first")
    answer(monkeypatch, "no")
    assert main(["sandbox", "reset"]) == ExitCode.ERROR
    assert "the local state of: dev" in capsys.readouterr().out
    assert boot.local_environments(Workspace(tmp_path)) == ("dev",)
    assert main(["sandbox", "reset", "--yes"]) == ExitCode.OK
    assert boot.local_environments(Workspace(tmp_path)) == ()


def test_stop_says_whether_anything_ran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tideform.yaml").write_text(_SPEC, encoding="utf-8")
    assert main(["sandbox", "stop"]) == ExitCode.OK
    assert capsys.readouterr().out == "No sandbox ran.\n"


def test_the_clock_is_shown_and_moved(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["sandbox", "start"])
    capsys.readouterr()
    assert main(["sandbox", "clock", "--advance", "6h"]) == ExitCode.OK
    assert "6 h 0 min ahead" in capsys.readouterr().out
    assert main(["sandbox", "clock", "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["offset"] == pytest.approx(6 * 3600, abs=1)


def test_the_market_is_scripted_and_shown_in_the_same_words(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["sandbox", "start"])
    capsys.readouterr()
    script = [
        "--lack",
        "g5@us-east-1a",
        "--until",
        "10:00",
        "--quota",
        "spot:g=32",
        "--slow",
        "p4d=5m",
        "--throttle",
        "20%",
    ]
    assert main(["sandbox", "market", *script, "--seed", "7"]) == ExitCode.OK
    told = capsys.readouterr().out
    assert "lack      g5 in us-east-1a (both) until " in told
    assert "T10:00:00Z" in told
    assert "quota     spot:g=32" in told
    assert "slow      p4d: 5 min" in told
    assert "20% of all calls, seed 7" in told
    assert main(["sandbox", "market", "--clear"]) == ExitCode.OK
    assert capsys.readouterr().out == "Everything can be had at once.\n"


@pytest.mark.parametrize(
    "words",
    [
        ["clock", "--advance", "soon"],
        ["market", "--quota", "g"],
        ["market", "--slow", "g5"],
        ["market", "--throttle", "many"],
        ["market", "--until", "10:00"],
    ],
)
def test_words_that_mean_nothing_are_refused(here: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(["sandbox", *words]) == ExitCode.ERROR
    assert "TD631" in capsys.readouterr().err


def test_what_the_sandbox_refuses_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["sandbox", "start"])
    assert main(["sandbox", "market", "--reclaim", "i-0123"]) == ExitCode.ERROR
    told = capsys.readouterr().err
    assert "TD630" in told
    assert "no instance i-0123 runs" in told


def test_the_bill_of_a_sandbox_in_which_nothing_ran(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["sandbox", "start"])
    capsys.readouterr()
    assert main(["sandbox", "bill"]) == ExitCode.OK
    assert capsys.readouterr().out == "Nothing has run.\n"
