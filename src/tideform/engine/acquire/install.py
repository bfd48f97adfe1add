"""Getting an engine into the cache: the vendor's download first, else a build from Go modules.

One process at a time does it, and the others wait and say for whom. What is being made lies in a folder of
its own until it has answered with its version; only then is it renamed into place, so a kill leaves nothing
that looks whole.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tideform.engine.acquire import build, download
from tideform.engine.acquire.find import (
    ENGINE_VERSION,
    Attempt,
    Found,
    UnusableError,
    engine_dir,
    look,
    usable_version,
)
from tideform.errors import EngineError
from tideform.flock import exclusive
from tideform.process import user

Progress = Callable[[str], None]

# Each puts `pulumi`, and what belongs beside it, into the folder it is given, or raises `UnusableError`.
INSTALLERS: tuple[tuple[str, Callable[[Path, Progress], None]], ...] = (
    ("vendor's download", download.install),
    ("build from Go modules", build.install),
)


def engine_path(progress: Progress, *, install: bool = True) -> Path:
    """The file of the engine that `acquire` finds or gets."""
    return acquire(progress, install=install).path


def acquire(progress: Progress, *, install: bool = True) -> Found:
    """The engine to run, installed first if there is none and ``install`` allows it.

    ``progress`` gets one line at a time; lines that count share their words up to the colon. Raises
    `EngineError` TD401 with everything that was tried.
    """
    found, tried = look()
    if found is not None:
        return found
    if not install or any(attempt.step == "TIDEFORM_ENGINE" for attempt in tried):
        raise _no_engine(tried)
    for attempt in tried:
        progress(f"{attempt.step}: {attempt.outcome}")
    try:
        engine_dir().mkdir(mode=0o700, parents=True, exist_ok=True)
        _lock_file().touch(mode=0o600)
    except OSError as error:
        raise _no_engine([*tried, _unwritable(error)]) from error
    with exclusive(_lock_file(), words=_words(), on_wait=lambda who: progress(f"waiting for {who}")):
        found, tried = look()  # whoever we waited for may have made it
        return found if found is not None else _install(progress, tried)


def _install(progress: Progress, tried: list[Attempt]) -> Found:
    target = engine_dir()
    for name, installer in INSTALLERS:
        progress(f"{name}: trying")
        try:
            with _staging(target) as name_of_folder:
                folder = Path(name_of_folder)
                installer(folder, progress)
                version = usable_version(folder / "pulumi")
                _move(folder, target)
        except UnusableError as error:
            tried.append(Attempt(name, str(error)))
            progress(f"{name}: {error}")
        else:
            progress(f"{name}: engine {version} is ready at {target / 'pulumi'}")
            return Found("cache", version, target / "pulumi")
    raise _no_engine(tried)


def _staging(target: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder on the same file system, after clearing those of runs that were killed (we hold the lock)."""
    try:
        for leftover in target.glob(".new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        return tempfile.TemporaryDirectory(prefix=".new-", dir=target)
    except OSError as error:
        raise UnusableError(_unwritable(error).outcome) from error


def _unwritable(error: OSError) -> Attempt:
    return Attempt("cache", f"cannot write to {engine_dir()}: {error.strerror}")


def _move(folder: Path, target: Path) -> None:
    """Rename everything into place, the engine itself last: it is what others look for."""
    (target / "pulumi.verified").unlink(missing_ok=True)
    for file in sorted(folder.iterdir(), key=lambda file: file.name == "pulumi"):
        file.replace(target / file.name)


def _lock_file() -> Path:
    return engine_dir().parent / f"v{ENGINE_VERSION}.lock"


def _words() -> str:
    since = datetime.now(UTC).astimezone().strftime("%H:%M:%S")
    return f"{user()} (process {os.getpid()}), who gets the engine since {since}"


def _no_engine(tried: list[Attempt]) -> EngineError:
    lines = "\n".join(f"- {attempt.step}: {attempt.outcome}" for attempt in tried)
    error = EngineError.of(
        "TD401",
        "No usable Pulumi engine",
        detail=f"Plans and applies run on the Pulumi engine. Tried, in this order:\n{lines}",
        fix=(
            "Run `tideform doctor --install` where the vendor's downloads or a Go module proxy can be"
            " reached, or set TIDEFORM_ENGINE to a `pulumi` binary, or TIDEFORM_CACHE to a folder that can be written"
            " where that is what failed. `tideform plan --offline` works without."
        ),
    )
    return EngineError(error.diagnostics)
