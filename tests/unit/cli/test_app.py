"""The root of the command line: lazy, and every end of a command in words and an exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Annotated

import pytest
import typer

from tideform.cli import app as root
from tideform.cli.boundary import Manner, guarded
from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import ExitCode, LeftoversError, LockedError, RefusedError, TideformError

HEAVY = ("pulumi", "pulumi_aws", "boto3", "botocore", "moto", "rich", "grpc", "yaml")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A command ``probe`` whose body a test sets."""
    module = ModuleType("tideform.cli.probe")
    module.__spec__ = find_spec("tideform.cli.validate")
    monkeypatch.setitem(sys.modules, "tideform.cli.probe", module)
    monkeypatch.setitem(root.COMMANDS, "probe", ("tideform.cli.probe", "Probe."))
    return module


def raising(error: BaseException) -> object:
    def body() -> None:
        raise error

    return body


DIAGNOSTIC = Diagnostic("TD300", Severity.ERROR, "It does not go", fix="Do this.")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TideformError(DIAGNOSTIC), ExitCode.ERROR),
        (RefusedError(DIAGNOSTIC), ExitCode.ERROR),
        (LeftoversError(DIAGNOSTIC), ExitCode.LEFTOVERS),
        (LockedError(DIAGNOSTIC), ExitCode.LOCKED),
    ],
)
def test_our_errors_become_words_and_their_exit_code(
    command: ModuleType, capsys: pytest.CaptureFixture[str], error: TideformError, code: ExitCode
) -> None:
    command.command = raising(error)  # type: ignore[attr-defined]
    assert root.main(["probe"]) == code
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "error[TD300]: It does not go\n  Fix: Do this.\n")


def test_an_exit_code_of_its_own_is_the_commands_to_choose(command: ModuleType) -> None:
    command.command = raising(typer.Exit(ExitCode.CHANGES))  # type: ignore[attr-defined]
    assert root.main(["probe"]) == ExitCode.CHANGES


def test_a_command_that_returns_is_a_success(command: ModuleType) -> None:
    command.command = lambda: None  # type: ignore[attr-defined]
    assert root.main(["probe"]) == ExitCode.OK


def test_a_bug_is_told_without_a_traceback_and_logged_with_one(
    command: ModuleType, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".tideform").mkdir()
    command.command = raising(KeyError("what"))  # type: ignore[attr-defined]
    assert root.main(["probe"]) == ExitCode.ERROR
    said = capsys.readouterr().err
    (log,) = (tmp_path / ".tideform").glob("tideform-bug-*.log")
    assert "Traceback" not in said
    assert str(log) in said
    assert "Traceback" in log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o077 == 0


def test_ctrl_c_is_130(command: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    command.command = raising(KeyboardInterrupt())  # type: ignore[attr-defined]
    assert root.main(["probe"]) == ExitCode.INTERRUPTED
    assert "Interrupted." in capsys.readouterr().err


def test_sigterm_unwinds_like_ctrl_c(command: ModuleType) -> None:
    unwound = []

    def body() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            unwound.append(True)

    before = signal.getsignal(signal.SIGTERM)
    command.command = body  # type: ignore[attr-defined]
    assert root.main(["probe"]) == ExitCode.INTERRUPTED
    assert unwound == [True]
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("words", [["valdate"], ["--nonsense"], ["validate", "--nonsense"], ["validate", "x"]])
def test_wrong_usage_is_1_and_not_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert root.main(words) == ExitCode.ERROR
    assert "Error: " in capsys.readouterr().err


def test_an_unknown_command_is_told_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    root.main(["valdate"])
    assert "Did you mean 'validate'?" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["-h"], ["--help"]])
def test_help_lists_the_commands(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert root.main(words) == ExitCode.OK
    assert "validate" in capsys.readouterr().out


def test_a_command_whose_module_is_not_there_is_not_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(root.COMMANDS, "later", ("tideform.cli.of_a_later_version", "Not yet."))
    root.main(["--help"])
    assert "later" not in capsys.readouterr().out


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert root.main(["--version"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith("tideform ")


@pytest.mark.parametrize("words", [["--no-color", "validate", "-h"], ["validate", "--no-color", "-h"]])
def test_no_color_may_stand_anywhere(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    assert root.main(words) == ExitCode.OK
    assert os.environ["NO_COLOR"] == "1"


def test_the_words_of_a_jobs_own_command_are_left_alone(command: ModuleType) -> None:
    heard: list[str] = []

    def body(words: list[str]) -> None:
        heard.extend(words)

    command.command = body  # type: ignore[attr-defined]
    assert root.main(["probe", "--", "train", "--no-color"]) == ExitCode.OK
    assert heard == ["train", "--no-color"]


def loaded_by(*words: str) -> set[str]:
    """The heavy modules that a fresh interpreter has loaded after a command line."""
    code = (
        "import sys; from tideform.cli.app import main; main(sys.argv[1:]); "
        f"sys.stderr.write(' '.join(m for m in {HEAVY} if m in sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    return set(result.stderr.split())


def test_help_loads_nothing_heavy() -> None:
    assert loaded_by("--help") == set()


def test_validate_loads_neither_engine_nor_cloud_sdk(tmp_path: Path) -> None:
    spec = Path(__file__).parents[3] / "blueprints" / "quickstart" / "tideform.yaml"
    assert loaded_by("validate", "--spec", str(spec)) == set()


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    code = "import sys; from tideform.cli.app import main; sys.exit(main(['schema']))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout and child.stderr
        child.stdout.close()
        assert child.stderr.read() == b""


def test_an_unknown_command_of_a_group_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert root.main(["sandbox", "staus"]) == ExitCode.ERROR
    assert "There is no command 'staus'. Did you mean 'status'?" in capsys.readouterr().err


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_the_caller_closed_is_no_bug(closed: str) -> None:
    script = f'exec {closed}; exec "$0" -c "from tideform.cli.app import main; raise SystemExit(main([\'schema\']))"'
    done = subprocess.run(["/bin/sh", "-c", script, sys.executable], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["burst", "run", "fit"], 101),
        (["--no-color", "burst", "run", "fit"], 101),
        (["burst", "shell", "fit"], 101),
        (["sandbox", "exec", "--", "burst"], 101),
        (["burst", "up", "fit"], 1),
        (["burst", "--", "run"], 1),
        (["plan"], 1),
    ],
)
def test_where_a_jobs_code_is_handed_on_ours_are_a_hundred_more(words: list[str], code: int) -> None:
    assert guarded(raising(RefusedError(DIAGNOSTIC)), Manner.of(words)) == code  # type: ignore[arg-type]


@pytest.mark.parametrize(("error", "code"), [(LeftoversError(DIAGNOSTIC), 103), (LockedError(DIAGNOSTIC), 104)])
def test_leftovers_and_the_lock_keep_their_meaning_beside_a_job(error: TideformError, code: int) -> None:
    assert guarded(raising(error), Manner(beside_a_job=True)) == code  # type: ignore[arg-type]


def test_a_job_that_ends_with_the_code_of_an_interruption_was_not_interrupted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert guarded(lambda: 130, Manner(beside_a_job=True)) == 130
    assert capsys.readouterr().err == ""


def test_programs_that_asked_for_json_get_errors_as_json_with_the_exit_code(
    command: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    def body(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
        raise LockedError(DIAGNOSTIC)

    command.command = body  # type: ignore[attr-defined]
    assert root.main(["probe", "--json"]) == ExitCode.LOCKED
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert (told["exit_code"], [one["code"] for one in told["diagnostics"]]) == (4, ["TD300"])
    assert "error[TD300]" in said.err


def test_wrong_usage_is_json_too_where_that_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert root.main(["validate", "--json", "--no-such-option"]) == ExitCode.ERROR
    (told,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert (told["code"], "--no-such-option" in told["detail"]) == ("TD095", True)


def test_json_that_a_jobs_own_command_asks_for_is_not_ours() -> None:
    assert Manner.of(["burst", "run", "fit", "--", "train", "--json"]) == Manner(as_json=False, beside_a_job=True)


@pytest.mark.parametrize(
    ("variables", "sound"),
    [
        ({}, True),
        ({"_TIDEFORM_COMPLETE": "complete_zsh"}, True),
        ({"_TIDEFORM_COMPLETE": "complete_bash", "COMP_WORDS": "tideform ", "COMP_CWORD": "1"}, True),
        ({"_TIDEFORM_COMPLETE": "complete_bash"}, False),
        ({"_TIDEFORM_COMPLETE": "complete_bash", "COMP_WORDS": "x", "COMP_CWORD": "zz"}, False),
        ({"_TIDEFORM_COMPLETE": "complete_bash", "COMP_CWORD": "1"}, False),
    ],
)
def test_what_a_shell_asks_with_is_looked_at(variables: dict[str, str], sound: bool) -> None:
    assert root.completion_is_sound(variables) is sound


def test_completion_variables_with_nonsense_are_no_bug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_TIDEFORM_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_CWORD", "zz")
    assert root.main([]) == ExitCode.ERROR
    assert "TD090" not in capsys.readouterr().err


@pytest.mark.parametrize("group", ["burst", "jobs", "sandbox", "state"])
def test_no_line_of_help_is_cut(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert root.main([group, "--help"]) == 0
    listed = capsys.readouterr().out.partition("Commands:")[2]
    assert listed
    assert "..." not in listed


def test_the_list_of_commands_names_what_is_looked_for(capsys: pytest.CaptureFixture[str]) -> None:
    root.main(["--help"])
    listed = capsys.readouterr().out
    assert ("adopt" in listed, "TD501" in listed) == (True, True)
