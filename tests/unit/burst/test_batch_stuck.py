"""What a job on Batch waits for is told where it is no lack of machines."""

from __future__ import annotations

from typing import Any

import pytest

from tideform.backends.training.batch.stuck import why_stuck
from tideform.cloud import Cloud

VALID = {"computeEnvironmentName": "fit-spot", "state": "ENABLED", "status": "VALID"}
CHANGING = {**VALID, "status": "UPDATING"}
BROKEN = {**VALID, "status": "INVALID", "statusReason": "CLIENT_ERROR - no such role"}


def told(monkeypatch: pytest.MonkeyPatch, cloud: Cloud, job: str, *environments: dict[str, Any]) -> str:
    ending = "tideform.backends.training.batch.in_account.ending"
    monkeypatch.setattr(f"{ending}.jobs", lambda *_: [{"status": job}])
    monkeypatch.setattr(f"{ending}.environments", lambda *_: list(environments))
    return why_stuck(cloud, {})


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (CHANGING, "the job waits: fit-spot is UPDATING"),
        (BROKEN, "the job waits: fit-spot is INVALID (CLIENT_ERROR - no such role)"),
        (VALID, ""),
        ({**BROKEN, "state": "DISABLED"}, ""),
    ],
    ids=["changing", "broken", "valid", "shut"],
)
def test_an_open_environment_that_takes_no_jobs_is_named(
    environment: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch, cloud: Cloud
) -> None:
    assert told(monkeypatch, cloud, "RUNNABLE", environment) == said


def test_nothing_is_said_while_the_job_runs(monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    assert told(monkeypatch, cloud, "RUNNING", CHANGING) == ""
