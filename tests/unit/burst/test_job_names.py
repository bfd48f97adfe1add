"""The names for the shell: whatever stands in their place, no command waits for it or writes through it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tideform.burst.job_names import remember, remembered
from tideform.spec.deployment import Deployment


@pytest.fixture
def file(deployment: Deployment) -> Path:
    return deployment.workspace.environment(deployment.environment) / "jobs"


def test_the_newest_names_come_first_each_once(deployment: Deployment) -> None:
    remember(deployment, ["fit-aa11", "fit-bb22"])
    remember(deployment, ["fit-cc33", "fit-aa11"])
    assert remembered(deployment) == ["fit-cc33", "fit-aa11", "fit-bb22"]


def test_a_pipe_in_their_place_is_not_waited_for(deployment: Deployment, file: Path) -> None:
    os.mkfifo(file)
    assert remembered(deployment) == []


def test_a_file_larger_than_any_of_ours_is_begun_anew(deployment: Deployment, file: Path) -> None:
    file.write_bytes(b"x" * 1_000_000)
    remember(deployment, ["fit-aa11"])
    assert remembered(deployment) == ["fit-aa11"]


def test_what_a_link_in_their_place_points_to_is_not_written(deployment: Deployment, file: Path) -> None:
    theirs = file.with_name("theirs")
    theirs.write_text("theirs")
    file.symlink_to(theirs)
    remember(deployment, ["fit-aa11"])
    assert theirs.read_text() == "theirs"


def test_a_place_that_cannot_be_written_costs_nothing_but_the_completion(deployment: Deployment, file: Path) -> None:
    file.mkdir()
    remember(deployment, ["fit-aa11"])
    assert remembered(deployment) == []
