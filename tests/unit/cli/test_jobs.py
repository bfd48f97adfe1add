"""``tideform jobs cancel``: what it tells programs is how things are after it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.cli.project import enter
from tideform.burst.history.runs import Run
from tideform.cli import jobs
from tideform.cli.app import main
from tideform.reaper.history.base import JobState

RUN = Run("nightly-aa11", "nightly", "batch", "aa11", JobState.RUNNING, mode="job", held=True)


def test_the_json_of_a_cancelled_job_is_of_after_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    enter(tmp_path, monkeypatch)
    known = [RUN]

    def end(*_: Any) -> None:
        known[:] = [replace(RUN, state=JobState.STOPPED, exit_code=143, held=False)]

    monkeypatch.setattr("tideform.connect.cloud_for", lambda _deployment: SimpleNamespace(clock=lambda: 0.0))
    monkeypatch.setattr(jobs, "seen_runs", lambda *_, **__: SimpleNamespace(runs=list(known)))
    monkeypatch.setattr(jobs, "_end", end)
    assert main(["jobs", "cancel", "nightly-aa11", "--yes", "--json", "-e", "dev"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["cancelled"], told["job"]["state"], told["job"]["exit_code"]) == (True, "stopped", 143)
