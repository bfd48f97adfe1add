"""Looking for an engine that is already here: named by the user, on PATH, or in the cache.

An engine counts when it runs and says a version we can drive. The one in the cache was put there by us, so
its answer is remembered with its size and time, and only asked again when those change (a start costs 0.2 s).
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from tideform.files import is_plain
from tideform.paths import cache_dir

ENGINE_VERSION = "3.250.0"  # what we install; the newest whose Go modules every proxy has
OLDEST = (3, 181, 0)  # the first that answers a plan's ``--client`` the way SDK 3.272 asks
NEWEST_MAJOR = 3
VARIABLE = "TIDEFORM_ENGINE"
_ANSWER_BYTES = 4096  # a version is a line
_ANSWER_SECONDS = 30  # a cold 112 MB binary on a busy disk needs several


@dataclass(frozen=True)
class Found:
    """An engine that works: where it came from, its version, its file."""

    source: str
    version: str
    path: Path


@dataclass(frozen=True)
class Attempt:
    """One place that was tried, and why it did not do."""

    step: str
    outcome: str


class UnusableError(Exception):
    """An engine, or a way to get one, that does not do; the text says why in one line."""


def engine_dir() -> Path:
    """Where the engine that we install lives, outside every checkout."""
    return cache_dir() / "engine" / f"v{ENGINE_VERSION}"


def find_engine() -> Found | None:
    """The engine that a run would use, or nothing. Installs nothing, asks no network."""
    return look()[0]


def look() -> tuple[Found | None, list[Attempt]]:
    """The first engine that works, and what was wrong with the places before it."""
    failed: list[Attempt] = []
    for source, path in _places():
        try:
            version = _cached_version(path) if source == "cache" else usable_version(path)
            return Found(source, version, path), failed
        except UnusableError as error:
            failed.append(Attempt(source, str(error)))
            if source == VARIABLE:  # asked for by name: using another one would be a surprise
                break
    return None, failed


def _places() -> Iterator[tuple[str, Path]]:
    if named := os.environ.get(VARIABLE):
        yield VARIABLE, _expanded(named).absolute()
    yield "PATH", Path(shutil.which("pulumi") or "pulumi")
    yield "cache", engine_dir() / "pulumi"


def _expanded(named: str) -> Path:
    """With a home in the place of ``~``; a user who is not known is left as written, and so is not there."""
    try:
        return Path(named).expanduser()
    except RuntimeError:
        return Path(named)


def usable_version(path: Path) -> str:
    """Run ``pulumi version``; raises `UnusableError` unless it answers with a version that we can drive."""
    if not is_plain(path):
        raise UnusableError(f"{path} is not there" if path.is_absolute() else "there is no `pulumi` on PATH")
    found = re.fullmatch(r"v?((\d+)\.(\d+)\.(\d+)\S*)", _ask(path))
    if found is None:
        raise UnusableError(f"{path} does not answer `pulumi version` with a version")
    numbers = (int(found[2]), int(found[3]), int(found[4]))
    if numbers < OLDEST or numbers[0] > NEWEST_MAJOR:
        oldest = ".".join(map(str, OLDEST))
        raise UnusableError(f"{path} is {found[1]}; {oldest} or a newer {NEWEST_MAJOR}.x is needed")
    return found[1]


def _ask(path: Path) -> str:
    """What it prints first when asked for its version; one that prints for ever, or nothing, is ended."""
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        process = subprocess.Popen(
            [path, "version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env,
            start_new_session=True,
        )
    except OSError as error:
        raise UnusableError(f"{path} does not run: {error}") from error
    timer = Timer(_ANSWER_SECONDS, _end, [process])
    timer.start()
    with process:
        answer = process.stdout.read(_ANSWER_BYTES) if process.stdout else b""
        if len(answer) == _ANSWER_BYTES:
            _end(process)
            raise UnusableError(f"{path} answers `pulumi version` with more than a version")
        code = process.wait()
    timed_out = timer.finished.is_set()
    timer.cancel()
    if timed_out:
        raise UnusableError(f"{path} does not answer `pulumi version` within {_ANSWER_SECONDS} seconds")
    if code != 0:
        raise UnusableError(f"{path} ends with code {code} when asked for its version")
    return answer.decode(errors="replace").strip()


def _end(process: subprocess.Popen[bytes]) -> None:
    """With all that it started: what holds its output open would keep us waiting."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _cached_version(path: Path) -> str:
    """The version of our own engine, from the note beside it if the file is the one that was noted."""
    note = path.with_name("pulumi.verified")
    try:
        stat = path.stat()
        size, changed, version = note.read_text(encoding="utf-8").split()
        if (size, changed) == (str(stat.st_size), str(stat.st_mtime_ns)):
            return version
    except (OSError, ValueError):
        pass  # no note, or half a one: ask the engine itself
    version = usable_version(path)
    _write_note(note, path, version)
    return version


def _write_note(note: Path, path: Path, version: str) -> None:
    stat = path.stat()
    temporary = note.with_name(f".{note.name}-{os.getpid()}")
    try:
        temporary.write_text(f"{stat.st_size} {stat.st_mtime_ns} {version}\n", encoding="utf-8")
        temporary.replace(note)
    except OSError:
        temporary.unlink(missing_ok=True)  # a cache we may only read: the next run asks again
