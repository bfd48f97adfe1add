from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.sandbox.waiting import lives, until
from tideform.local import client, description
from tideform.paths import Workspace

_ENSURE = """
import sys
from pathlib import Path
from tideform.paths import Workspace
from tideform.local import client
print(client.ensure(Workspace(Path(sys.argv[1]))).boot_id)
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path)
    yield workspace
    client.stop(workspace)


def test_finding_a_sandbox_makes_nothing(tmp_path: Path) -> None:
    assert client.find(Workspace(tmp_path)) is None
    assert list(tmp_path.iterdir()) == []


def test_later_commands_find_the_sandbox_that_runs(own: Workspace) -> None:
    assert client.find(own) is None
    started = client.ensure(own)
    assert client.ensure(own) == client.find(own) == started


def test_the_description_is_for_its_owner_only(own: Workspace) -> None:
    client.ensure(own)
    mode = (own.sandbox / description.DESCRIPTION).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_processes_that_ask_at_once_get_one_server(own: Workspace) -> None:
    askers = [
        subprocess.Popen([sys.executable, "-c", _ENSURE, str(own.root)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    boots = {asker.communicate()[0].strip() for asker in askers}
    assert len(boots) == 1
    assert {asker.returncode for asker in askers} == {0}


def test_a_killed_server_is_replaced_by_another_boot(own: Workspace) -> None:
    first = client.ensure(own)
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: not lives(first.pid))
    assert client.find(own) is None
    assert client.ensure(own).boot_id != first.boot_id


def test_a_description_whose_pid_is_somebody_else_does_no_harm(own: Workspace) -> None:
    innocent = subprocess.Popen(["sleep", "60"])
    try:
        stale = {
            "endpoint": "http://127.0.0.1:9",
            "access_key": "A",
            "secret_key": "S",
            "boot_id": "b",
            "pid": innocent.pid,
            "started": "long ago",
            "version": "0",
        }
        (own.sandbox / description.DESCRIPTION).write_text(json.dumps(stale))
        assert client.stop(own) is False
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"endpoint": 1}'])
def test_an_unreadable_description_is_no_description(own: Workspace, content: str) -> None:
    (own.sandbox / description.DESCRIPTION).write_text(content)
    assert client.find(own) is None


def test_stop_returns_when_the_server_is_gone(own: Workspace) -> None:
    server = client.ensure(own)
    assert client.stop(own) is True
    assert not lives(server.pid)
    assert client.find(own) is None


def test_stopping_what_does_not_run_says_so(own: Workspace) -> None:
    assert client.stop(own) is False


def test_a_server_that_hangs_is_killed(own: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from tideform.local import launch

    server = client.ensure(own)
    os.kill(server.pid, signal.SIGSTOP)
    monkeypatch.setattr(launch, "_KILL_TIMEOUT", 0.2)
    monkeypatch.setattr(launch, "CALL_TIMEOUT", 0.2)
    assert client.stop(own) is True
    assert not lives(server.pid)


def test_the_clock_moves_forward(own: Workspace) -> None:
    client.ensure(own)
    before = client.advance_clock(own, 0)
    assert client.advance_clock(own, 3600) >= before + 3600


def test_a_workspace_may_have_any_path(tmp_path: Path) -> None:
    root = tmp_path / "it's an ünï cödé $HOME & more" / ("long" * 50) / ("deep" * 50)
    root.mkdir(parents=True)
    workspace = Workspace(root)
    try:
        assert client.find(workspace) is None
        assert client.ensure(workspace) == client.find(workspace)
    finally:
        client.stop(workspace)
