"""Who asks for the newest few jobs has the backend asked one by one about those alone, however long the history is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.burst.conftest import NOW
from tideform.backends.training.ec2.in_account import history as ec2
from tideform.backends.training.sagemaker.in_account import history as sagemaker
from tideform.burst.history import runs as module
from tideform.burst.history.runs import runs
from tideform.burst.table import LeaseTable
from tideform.burst.table_errors import NoTableError
from tideform.cloud import Cloud
from tideform.reaper.history.base import JobRecord, JobState, earliest
from tideform.reaper.meter import Account, Hold
from tideform.spec.deployment import Deployment

DAY = 86_400.0
AGES = range(6)  # days ago at which a lease began; a minute later its job
HANDLE = {"job_prefix": "demo-dev-fit-"}


@pytest.fixture
def history(table: LeaseTable) -> LeaseTable:
    holds = {f"lease{age}": Hold("me", NOW - age * DAY, NOW - age * DAY + 600, mode="run") for age in AGES}
    table.items.write(Account(leases=holds).as_item(f"meter#{table.identity('fit')}"))
    return table


@pytest.mark.parametrize(("most", "asked"), [(None, 6), (2, 2), (6, 6), (100, 6)])
def test_the_backend_is_asked_for_the_newest_alone(
    most: int | None, asked: int, history: LeaseTable, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def remembered(*asked_for: Any) -> list[JobRecord]:
        since = asked_for[-1]
        fresh = [age for age in AGES if NOW - age * DAY + 60 >= since]
        calls.extend(fresh)
        return [JobRecord(f"j{age}", f"lease{age}", "j", JobState.SUCCEEDED, NOW - age * DAY + 60) for age in fresh]

    monkeypatch.setattr(module, "_remembered", remembered)
    found = runs(history.cloud, deployment, "fit", most).runs
    assert len(calls) == asked
    assert [run.lease for run in found] == [f"lease{age}" for age in range(asked)]
    assert {run.state for run in found} == {JobState.SUCCEEDED}


def test_without_a_table_that_is_told_as_ever(cloud: Cloud, deployment: Deployment) -> None:
    with pytest.raises(NoTableError):
        runs(cloud, deployment, "fit", 2)


class Listing:
    """SageMaker with one training job a day, two a page; counts what is asked."""

    def __init__(self) -> None:
        self.pages = 0

    def client(self, _: str) -> Listing:
        return self

    def get_paginator(self, _: str) -> Listing:
        return self

    def paginate(self, **_: str) -> Any:
        for first in range(0, 6, 2):
            self.pages += 1
            yield {"TrainingJobSummaries": [self._job(age) for age in (first, first + 1)]}

    def _job(self, age: int) -> dict[str, Any]:
        return {"TrainingJobName": f"demo-dev-fit-{age}", "CreationTime": datetime.fromtimestamp(NOW - age * DAY, UTC)}


@pytest.mark.parametrize(("since", "pages", "described"), [(0.0, 3, 6), (NOW - 0.5 * DAY, 1, 1), (NOW - 1 * DAY, 2, 2)])
def test_pages_of_training_jobs_are_read_as_far_as_is_needed(
    since: float, pages: int, described: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = Listing()
    names: list[str] = []
    monkeypatch.setattr(
        "tideform.backends.training.sagemaker.in_account.ending.describe", lambda _clients, name: names.append(name)
    )
    monkeypatch.setattr(sagemaker, "_record", lambda *_: None)
    sagemaker.jobs(listing, HANDLE, since)
    assert (listing.pages, len(names)) == (pages, described)


class Commands:
    """Systems Manager without any command; notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def client(self, _: str) -> Commands:
        return self

    def get_paginator(self, _: str) -> Commands:
        return self

    def paginate(self, **asked: Any) -> Any:
        self.asked = asked
        return iter(())


@pytest.mark.parametrize(
    ("oldest", "asked"),
    [
        (0.0, {}),  # no filter is one of none, which Systems Manager refuses
        (1_800_000_000.7, {"Filters": [{"key": "InvokedAfter", "value": "2027-01-15T08:00:00Z"}]}),
    ],
)
def test_of_an_accounts_commands_those_since_the_oldest_lease_are_read(oldest: float, asked: dict[str, Any]) -> None:
    commands = Commands()
    ec2.jobs(commands, {"comment": "demo "}, oldest)
    assert commands.asked == asked


@pytest.mark.parametrize(("created", "wanted"), [([NOW, NOW - DAY], NOW - DAY - 3600), ([], 0.0)])
def test_jobs_of_leases_are_looked_for_since_an_hour_before_the_oldest(created: list[float], wanted: float) -> None:
    assert earliest(created) == wanted
