"""The error boundary: whatever a command raises becomes words on stderr and an exit code, no traceback."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import typer

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import ExitCode, TerminatedError, TideformError

# What all exceptions of the option parser are, whether typer brings its own copy of click or uses the package.
_PARSER_ERROR = typer.BadParameter.__mro__[2]


def guarded(run: Callable[[], Any]) -> int:
    """Call ``run`` and say how it ended; SIGTERM unwinds like Ctrl-C, so that clean-up code runs."""
    try:
        with _sigterm_unwinds():
            result = run()
            sys.stdout.flush()
    except BrokenPipeError:
        return _reader_gone()
    except KeyboardInterrupt:
        return _interrupted()
    except TideformError as error:
        _show(error.diagnostics)
        return error.exit_code
    except typer.Abort:
        _say("Nothing was done.")
        return ExitCode.ERROR
    except Exception as error:  # noqa: BLE001  # the boundary: nothing gets past it
        return _usage(error) if isinstance(error, _PARSER_ERROR) else _bug(error)
    if result == ExitCode.INTERRUPTED:  # the option parser turns Ctrl-C into this
        return _interrupted()
    return result if isinstance(result, int) else ExitCode.OK


def plug_closed_streams() -> None:
    """Open what the caller has closed (``tideform plan >&-``), so that no file of ours gets its number."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, os.fdopen(number, mode))


@contextmanager
def _sigterm_unwinds() -> Iterator[None]:
    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise TerminatedError

    if threading.current_thread() is not threading.main_thread():  # signals are the main thread's
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _show(diagnostics: tuple[Diagnostic, ...]) -> None:
    from tideform.views.diagnostics import render, use_color

    _say(render(diagnostics, color=use_color(sys.stderr)))


def _say(text: str) -> None:
    try:
        print(text, file=sys.stderr, flush=True)  # noqa: T201  # the last words of a command
    except BrokenPipeError:
        _reader_gone()


def _interrupted() -> int:
    _say("Interrupted.")
    return ExitCode.INTERRUPTED


def _reader_gone() -> int:
    """``tideform … | head``: the reader has what it wanted; let the interpreter's last flush go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    return ExitCode.ERROR


def _usage(error: Any) -> int:
    """Exit code 1: the parser's own would be 2, which means 'there are changes' here."""
    error.show()
    return ExitCode.ERROR


def _bug(error: Exception) -> int:
    log = _write_log(error)
    _show(
        (
            Diagnostic(
                "TD090",
                Severity.ERROR,
                "This is a bug in tideform",
                detail=f"{type(error).__name__}: {error}",
                fix=f"Please report it with the log {log}; running the command again is safe.",
            ),
        )
    )
    return ExitCode.ERROR


def _write_log(error: Exception) -> Path:
    workspace = Path.cwd() / ".tideform"
    folder = workspace if workspace.is_dir() and os.access(workspace, os.W_OK) else None
    handle, name = tempfile.mkstemp(prefix="tideform-bug-", suffix=".log", dir=folder)
    os.write(handle, "".join(traceback.format_exception(error)).encode(errors="backslashreplace"))
    os.close(handle)
    return Path(name)
