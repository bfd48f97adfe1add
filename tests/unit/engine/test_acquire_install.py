"""Installing an engine: one process at a time, whole or not at all, and words for every failure."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.engine.test_acquire_find import fake_engine
from tideform.engine.acquire import ENGINE_VERSION, acquire, install
from tideform.engine.acquire.find import UnusableError, engine_dir
from tideform.errors import EngineError

Installer = Callable[[Path, Callable[[str], None]], None]


def silent(_: str) -> None:
    """Progress that nobody reads."""


def working(folder: Path, _: Callable[[str], None]) -> None:
    """An installer that works."""
    fake_engine(folder / "pulumi", f"echo v{ENGINE_VERSION}")


def failing(_folder: Path, _: Callable[[str], None]) -> None:
    """An installer whose network is blocked."""
    raise UnusableError("the host cannot be reached")


def broken(folder: Path, _: Callable[[str], None]) -> None:
    """An installer whose engine does not run."""
    fake_engine(folder / "pulumi", "exit 1")


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIDEFORM_ENGINE", raising=False)
    monkeypatch.setenv("TIDEFORM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")


@pytest.fixture
def installers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Replace the ways to get an engine."""

    def replace(*functions: Installer) -> None:
        named = tuple((function.__name__, function) for function in functions)
        monkeypatch.setattr(install, "INSTALLERS", named)

    return replace


def test_the_first_way_that_works_is_taken(installers: Callable[..., None]) -> None:
    installers(failing, broken, working)
    assert acquire(silent).path == engine_dir() / "pulumi"


def test_progress_names_each_way_and_its_outcome(installers: Callable[..., None]) -> None:
    installers(failing, working)
    lines: list[str] = []
    acquire(lines.append)
    assert "failing: the host cannot be reached" in lines


def test_when_nothing_works_the_error_names_every_step_and_the_fix(installers: Callable[..., None]) -> None:
    installers(failing)
    with pytest.raises(EngineError) as failed:
        acquire(silent)
    (found,) = failed.value.diagnostics
    assert found.code == "TD401"
    assert "- PATH: there is no `pulumi` on PATH" in found.detail
    assert "- failing: the host cannot be reached" in found.detail
    assert "tideform doctor --install" in found.fix


def test_nothing_is_installed_when_only_looking(installers: Callable[..., None]) -> None:
    installers(working)
    with pytest.raises(EngineError):
        acquire(silent, install=False)


def test_a_failed_way_leaves_nothing_behind(installers: Callable[..., None]) -> None:
    installers(broken)
    with pytest.raises(EngineError):
        acquire(silent)
    assert list(engine_dir().iterdir()) == []


def test_what_a_killed_install_left_is_cleared_by_the_next(installers: Callable[..., None]) -> None:
    leftover = engine_dir() / ".new-killed"
    leftover.mkdir(parents=True)
    installers(working)
    acquire(silent)
    assert not leftover.exists()


def test_a_broken_engine_in_the_cache_is_replaced(installers: Callable[..., None]) -> None:
    fake_engine(engine_dir() / "pulumi", "exit 1")
    installers(working)
    assert acquire(silent).version == ENGINE_VERSION


def test_a_cache_that_cannot_be_written_is_an_error_with_words(
    installers: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TIDEFORM_CACHE", str(tmp_path / "file"))
    installers(working)
    with pytest.raises(EngineError) as failed:
        acquire(silent)
    assert "cannot write" in failed.value.diagnostics[0].detail


def test_two_at_once_install_once_and_the_second_says_whom_it_waits_for(
    installers: Callable[..., None],
) -> None:
    entered, waiting = threading.Event(), threading.Event()
    calls: list[Path] = []
    words: list[str] = []

    def slow(folder: Path, progress: Callable[[str], None]) -> None:
        calls.append(folder)
        entered.set()
        assert waiting.wait(timeout=30)
        working(folder, progress)

    def second(line: str) -> None:
        words.append(line)
        if line.startswith("waiting for"):
            waiting.set()

    installers(slow)
    first = threading.Thread(target=acquire, args=(silent,))
    first.start()
    assert entered.wait(timeout=30)
    acquire(second)
    first.join()
    assert len(calls) == 1
    assert any("who gets the engine since" in line for line in words)
