"""The error boundary: whatever a command raises becomes words on stderr and an exit code, no traceback."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import typer

from tideform import outlets
from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import ExitCode, TerminatedError, TideformError
from tideform.room import TOLD, refusal
from tideform.signals import heeding

# What all exceptions of the option parser are, whether typer brings its own copy of click or uses the package.
_PARSER_ERROR = typer.BadParameter.__mro__[2]


_HAND_A_CODE_ON = (("burst", "run"), ("burst", "shell"), ("sandbox", "exec"))


@dataclass(frozen=True)
class Manner:
    """How a command line wants to hear of its end: ``as_json``, and with codes that are not those of a job."""

    as_json: bool = False
    beside_a_job: bool = False

    @classmethod
    def of(cls, words: Sequence[str]) -> Manner:
        """What the words of a command line say about it; those after ``--`` are a job's."""
        ours = words[: words.index("--")] if "--" in words else words
        named = tuple(word for word in ours if not word.startswith("-"))[:2]
        return cls("--json" in ours, named in _HAND_A_CODE_ON)

    def code(self, code: ExitCode) -> int:
        """The exit code that an end of ours becomes."""
        return code.beside_a_jobs if self.beside_a_job else code


def guarded(run: Callable[[], Any], manner: Manner = Manner()) -> int:
    """Call ``run`` and say how it ended; signals that ask to end unwind like Ctrl-C, so that clean-up code runs."""
    try:
        with heeding(_unwind, but_for=(signal.SIGINT,)):
            result = run()
            sys.stdout.flush()
    except outlets.ReaderGoneError:  # `tideform … | head`: the reader has what it wanted
        outlets.silence()
        return manner.code(ExitCode.ERROR)
    except outlets.OutputLostError as error:
        return manner.code(_output_lost(error))
    except KeyboardInterrupt:
        return _interrupted()
    except TideformError as error:
        return _told(error.diagnostics, error.exit_code, manner)
    except typer.Abort:
        _say("Nothing was done.")
        return manner.code(ExitCode.ERROR)
    except OSError as error:
        return _unwritten(error, manner) if error.errno in TOLD else _bug(error, manner)
    except Exception as error:  # noqa: BLE001  # the boundary: nothing gets past it
        return _usage(error, manner) if isinstance(error, _PARSER_ERROR) else _bug(error, manner)
    if result == ExitCode.INTERRUPTED and not manner.beside_a_job:  # the option parser turns Ctrl-C into this
        return _interrupted()
    return result if isinstance(result, int) else ExitCode.OK


def plug_closed_streams() -> None:
    """Open what the caller has closed (``tideform plan >&-``), so that no file of ours gets its number.

    And let each take any text: a file's name may be one that no encoding has.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115  # for the life of the process
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _unwind(number: int, _frame: FrameType | None) -> None:
    """A terminal that closes says so several times, and each would cut the clean-up of the one before."""
    if number == signal.SIGHUP:
        signal.signal(number, signal.SIG_IGN)
    raise TerminatedError


def _told(diagnostics: tuple[Diagnostic, ...], code: ExitCode, manner: Manner) -> int:
    """Say it in words on stderr, and on stdout for programs that have asked for JSON; the exit code."""
    ended = manner.code(code)
    _show(diagnostics)
    if manner.as_json:
        _print_json(diagnostics, ended)
    return ended


def _print_json(diagnostics: tuple[Diagnostic, ...], code: int) -> None:
    from tideform.views.diagnostics import as_json

    print(json.dumps({"exit_code": int(code), "diagnostics": as_json(diagnostics)}, indent=2), flush=True)  # noqa: T201


def _show(diagnostics: tuple[Diagnostic, ...]) -> None:
    from tideform.views.diagnostics import render, use_color

    _say(render(diagnostics, color=use_color(sys.stderr)))


def _say(text: str) -> None:
    """The last words of a command: if nobody can hear them, its exit code tells."""
    outlets.carry_on()
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def _interrupted() -> int:
    _say("Interrupted.")
    return ExitCode.INTERRUPTED


def _output_lost(error: OSError) -> ExitCode:
    """What was to be printed is not there: a caller who relies on it has to know."""
    outlets.carry_on()
    _show(
        (
            Diagnostic(
                "TD092",
                Severity.ERROR,
                "The output cannot be written",
                detail=f"{error.strerror}. What the command was to print is not whole.",
                fix="Make room where its output goes, or let it go elsewhere, and run the command again.",
            ),
        )
    )
    return ExitCode.ERROR


def _usage(error: Any, manner: Manner) -> int:
    """Exit code 1: the parser's own would be 2, which means 'there are changes' here."""
    outlets.carry_on()
    error.show()
    code = manner.code(ExitCode.ERROR)
    if manner.as_json:
        wrong = Diagnostic(
            "TD095",
            Severity.ERROR,
            "The command line cannot be understood",
            detail=error.format_message(),
            fix="`--help` after the command lists what it takes.",
        )
        _print_json((wrong,), code)
    return code


def _unwritten(error: OSError, manner: Manner) -> int:
    """A full or read-only disk under a file of ours, wherever that was met."""
    told = refusal(error, error.filename or "the file at hand")
    return _told(told.diagnostics, told.exit_code, manner)


def _bug(error: Exception, manner: Manner) -> int:
    log = _write_log(error)
    bug = Diagnostic(
        "TD090",
        Severity.ERROR,
        "This is a bug in tideform",
        detail=f"{type(error).__name__}: {error}",
        fix=f"Please report it with {f'the log {log}' if log else 'these words'}; running the command again is safe.",
    )
    return _told((bug,), ExitCode.ERROR, manner)


def _write_log(error: Exception) -> Path | None:
    """The traceback in a file, in the workspace or else where temporary files go; None where neither has room."""
    text = "".join(traceback.format_exception(error)).encode(errors="backslashreplace")
    workspace = Path.cwd() / ".tideform"
    for folder in (workspace if workspace.is_dir() else None, None):
        try:
            with tempfile.NamedTemporaryFile(prefix="tideform-bug-", suffix=".log", dir=folder, delete=False) as file:
                file.write(text)
        except OSError:  # a full disk, or no right to write there: the words on stderr are all there is
            continue
        return Path(file.name)
    return None
