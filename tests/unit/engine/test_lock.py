"""The lock of a local state, between real processes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.engine.holder import folder_lock, other_process
from tideform.errors import ExitCode, LockedError
from tideform.flock import exclusive
from tideform.process import alive
from tideform.state.lock import store
from tideform.state.lock.record import Record
from tideform.state.lock.store import FolderStore


def write_engine_lock(folder: Path, **changes: object) -> Path:
    """An engine's own lock file, as one that died on this machine leaves it."""
    file = folder / "state" / ".pulumi" / "locks" / "organization" / "p" / "s" / "x.json"
    file.parent.mkdir(parents=True)
    content = {
        "pid": 2**22 + 1,
        "username": "ann",
        "hostname": socket.gethostname(),
        "timestamp": "2026-01-01T00:00:00Z",
    }
    file.write_text(json.dumps(content | changes))
    return file


def test_a_live_holder_is_respected_and_named(tmp_path: Path) -> None:
    with (
        other_process(tmp_path) as other,
        pytest.raises(LockedError) as refused,
        folder_lock(tmp_path).hold("destroy"),
    ):
        pass
    (found,) = refused.value.diagnostics
    assert found.code == "TD411"
    assert f"`apply` (process {other.pid} on this machine) since " in found.detail
    assert "last heard of 0 s ago" in found.detail or "last heard of 1 s ago" in found.detail


def test_being_locked_out_has_its_own_exit_code(tmp_path: Path) -> None:
    with other_process(tmp_path), pytest.raises(LockedError) as refused, folder_lock(tmp_path).hold("destroy"):
        pass
    assert refused.value.exit_code is ExitCode.LOCKED


def test_a_run_that_is_stopped_while_it_writes_the_record_is_named_and_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_PATIENCE", 0.2)
    with exclusive(tmp_path / ".lock.json.guard", words="process 77"), pytest.raises(LockedError) as refused:
        FolderStore(tmp_path / "lock.json", tmp_path / "state").update(lambda record: record)
    (found,) = refused.value.diagnostics
    assert (found.code, "process 77 has been writing" in found.detail) == ("TD411", True)


def test_one_who_waits_comes_in_when_the_holder_is_done(tmp_path: Path) -> None:
    with other_process(tmp_path) as other:
        told: list[str] = []

        def finish(words: str) -> None:
            told.append(words)
            other.finish()

        with folder_lock(tmp_path).hold("destroy", wait=30, on_wait=finish) as held:
            assert held.token == other.token + 1
    assert len(told) == 1 and "apply" in told[0]


def test_a_killed_holder_is_taken_over_with_a_greater_token(tmp_path: Path) -> None:
    with other_process(tmp_path) as other:
        other.kill()
        with folder_lock(tmp_path).hold("apply") as held:
            assert held.token > other.token
            assert held.took_over


def test_what_a_killed_holder_left_running_is_ended(tmp_path: Path) -> None:
    with other_process(tmp_path) as other:
        other.kill()
        assert alive(other.engine)
        with folder_lock(tmp_path).hold("apply"):
            assert not alive(other.engine)


def test_nothing_is_taken_over_after_an_orderly_end(tmp_path: Path) -> None:
    with other_process(tmp_path):
        pass
    with folder_lock(tmp_path).hold("apply") as held:
        assert held.took_over == ()


def test_an_engine_lock_without_a_process_is_cleared(tmp_path: Path) -> None:
    file = write_engine_lock(tmp_path)
    with folder_lock(tmp_path).hold("apply"):
        assert not file.exists()


def test_an_engine_lock_whose_number_went_to_another_program_is_cleared(tmp_path: Path) -> None:
    file = write_engine_lock(tmp_path, pid=os.getpid())
    with folder_lock(tmp_path).hold("apply"):
        assert not file.exists()


def test_an_engine_lock_of_another_machine_stays(tmp_path: Path) -> None:
    file = write_engine_lock(tmp_path, hostname="other-machine")
    with folder_lock(tmp_path).hold("apply"):
        assert file.exists()


def test_an_engine_lock_of_a_machine_that_was_taken_over_from_is_cleared(tmp_path: Path) -> None:
    file = write_engine_lock(tmp_path, hostname="other-machine")
    lock = folder_lock(tmp_path)
    with lock.hold("apply") as held:
        abandoned = lock.store.read().holder(held.run)
    assert abandoned is not None
    elsewhere = replace(abandoned, process=replace(abandoned.process, host="other-machine"), heartbeat=0.0)
    lock.store.update(lambda record: Record(record.token, (elsewhere,)))
    with lock.hold("apply"):
        assert not file.exists()


def test_a_lock_that_another_takes_over_is_lost_and_its_engine_ended(tmp_path: Path) -> None:
    lock, lost = folder_lock(tmp_path, heartbeat=0.01), threading.Event()
    with (
        pytest.raises(LockedError) as refused,
        lock.hold("apply", on_lost=lambda _: lost.set()) as held,
        subprocess.Popen(["sleep", "600"], env=held.environ) as engine,
    ):
        lock.store.update(lambda record: record.without(held.run))
        assert engine.wait(timeout=30) != 0
        assert lost.wait(timeout=30)
    assert refused.value.diagnostics[0].code == "TD412"


def test_a_failure_that_follows_the_loss_is_told_as_the_loss(tmp_path: Path) -> None:
    lock, lost = folder_lock(tmp_path, heartbeat=0.01), threading.Event()
    with (
        pytest.raises(LockedError) as refused,
        lock.hold("apply", on_lost=lambda _: lost.set()) as held,
    ):
        lock.store.update(lambda record: record.without(held.run))
        assert lost.wait(timeout=30)
        raise RuntimeError("the engine was killed")
    assert isinstance(refused.value.__cause__, RuntimeError)


def test_a_heartbeat_is_written_while_the_lock_is_held(tmp_path: Path) -> None:
    lock = folder_lock(tmp_path)
    with lock.hold("apply") as held:
        before = lock.store.read().holders[0].heartbeat
        held.beat()
        assert lock.store.read().holders[0].heartbeat > before


def test_a_noted_process_is_ended_by_the_next_run(tmp_path: Path) -> None:
    lock = folder_lock(tmp_path)
    with subprocess.Popen(["sleep", "600"]) as engine, lock.hold("apply") as held:
        held.note_process(engine.pid)
        died = lock.store.read().holders[0]
        died = replace(died, process=replace(died.process, started=1))
        lock.store.update(lambda record: Record(record.token, (died,)))
        with folder_lock(tmp_path).hold("apply"):
            assert engine.wait(timeout=30) != 0
        held.lost = ""


def test_bursts_share_the_lock_and_keep_an_apply_out(tmp_path: Path) -> None:
    lock = folder_lock(tmp_path)
    with (
        lock.hold("burst up", shared=True),
        lock.hold("burst up", shared=True),
        pytest.raises(LockedError),
        lock.hold("apply"),
    ):
        pass


def test_an_interrupted_run_lets_go(tmp_path: Path) -> None:
    lock = folder_lock(tmp_path)
    with pytest.raises(KeyboardInterrupt), lock.hold("apply"):
        raise KeyboardInterrupt
    assert lock.holders() == ()


def test_of_many_threads_one_at_a_time_holds_it(tmp_path: Path) -> None:
    inside, most, guard = 0, 0, threading.Lock()
    tokens: list[int] = []

    def work() -> None:
        nonlocal inside, most
        with folder_lock(tmp_path).hold("apply", wait=60) as held:
            with guard:
                inside, tokens[:] = inside + 1, [*tokens, held.token]
                most = max(most, inside)
            with guard:
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, tokens) == (1, [1, 2, 3, 4, 5, 6])


def test_two_locks_of_one_run_share_its_mark(tmp_path: Path) -> None:
    with (
        folder_lock(tmp_path / "project").hold("burst up", shared=True) as project,
        folder_lock(tmp_path / "pool").hold("burst up", run=project.run) as pool,
    ):
        assert pool.environ == project.environ
