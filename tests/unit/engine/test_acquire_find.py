"""Looking for an engine: which one is taken, and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tideform.engine.acquire import ENGINE_VERSION, Found, find_engine
from tideform.engine.acquire.find import UnusableError, engine_dir, look, usable_version

Fake = Callable[[Path, str], Path]


def fake_engine(path: Path, script: str) -> Path:
    """An 'engine' that is a shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine anywhere, and a cache of the test's own."""
    monkeypatch.delenv("TIDEFORM_ENGINE", raising=False)
    monkeypatch.setenv("TIDEFORM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")


def test_on_a_bare_machine_there_is_none_and_every_place_is_named() -> None:
    found, tried = look()
    assert found is None
    assert [attempt.step for attempt in tried] == ["PATH", "cache"]


def test_one_on_path_is_taken(tmp_path: Path) -> None:
    path = fake_engine(tmp_path / "bin" / "pulumi", "echo v3.199.0")
    assert find_engine() == Found("PATH", "3.199.0", path)


def test_one_that_is_too_old_is_passed_over_with_the_reason(tmp_path: Path) -> None:
    fake_engine(tmp_path / "bin" / "pulumi", "echo v3.180.9")
    cached = fake_engine(engine_dir() / "pulumi", f"echo v{ENGINE_VERSION}")
    found, tried = look()
    assert found == Found("cache", ENGINE_VERSION, cached)
    assert "3.180.9" in tried[0].outcome and "3.181.0" in tried[0].outcome


def test_the_one_named_by_the_user_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_engine(tmp_path / "bin" / "pulumi", "echo v3.199.0")
    named = fake_engine(tmp_path / "mine", "echo v3.250.1")
    monkeypatch.setenv("TIDEFORM_ENGINE", str(named))
    assert find_engine() == Found("TIDEFORM_ENGINE", "3.250.1", named)


def test_a_named_one_that_does_not_work_is_not_replaced_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_engine(tmp_path / "bin" / "pulumi", "echo v3.199.0")
    monkeypatch.setenv("TIDEFORM_ENGINE", str(tmp_path / "nothing"))
    assert find_engine() is None


def test_a_broken_one_in_the_cache_is_not_taken() -> None:
    fake_engine(engine_dir() / "pulumi", "exit 1")
    assert find_engine() is None


def test_the_cached_one_is_asked_once_and_again_when_its_file_changes() -> None:
    path = fake_engine(engine_dir() / "pulumi", f"echo x >> {engine_dir()}/asked; echo v{ENGINE_VERSION}")
    assert find_engine() and find_engine()
    assert (engine_dir() / "asked").read_text() == "x\n"
    fake_engine(path, "exit 7 # truncated")
    assert find_engine() is None


def test_a_half_written_note_is_not_believed() -> None:
    fake_engine(engine_dir() / "pulumi", "exit 1")
    (engine_dir() / "pulumi.verified").write_text("12")
    assert find_engine() is None


@pytest.mark.parametrize("script", ["echo hello", "exit 3", "kill -9 $$", "echo v4.0.0", "echo"])
def test_whatever_does_not_say_a_version_we_drive_is_unusable(tmp_path: Path, script: str) -> None:
    with pytest.raises(UnusableError):
        usable_version(fake_engine(tmp_path / "pulumi", script))


def test_a_file_that_is_no_program_is_unusable(tmp_path: Path) -> None:
    file = tmp_path / "pulumi"
    file.write_bytes(b"\x7fELF truncated")
    file.chmod(0o755)
    with pytest.raises(UnusableError, match="does not run"):
        usable_version(file)


@pytest.mark.parametrize("script", ["exec yes", "sleep 60 & sleep 60"], ids=["prints-for-ever", "never-answers"])
def test_one_that_does_not_come_to_an_end_is_ended(
    tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tideform.engine.acquire.find._ANSWER_SECONDS", 1)
    with pytest.raises(UnusableError, match="answer"):
        usable_version(fake_engine(tmp_path / "mine", script))


def test_a_home_of_nobody_is_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFORM_ENGINE", "~nobody-of-that-name/pulumi")
    assert [attempt.step for attempt in look()[1]] == ["TIDEFORM_ENGINE"]
