"""What the backend ec2 says about pools."""

from __future__ import annotations

from typing import Any

import pytest

from tideform.registry.training import backends
from tideform.spec.training import Pool


def problems(**words: Any) -> list[tuple[str, str]]:
    job = words.pop("job", {})
    pool = Pool(backend="ec2", job={"image": "i", "command": ["true"], **job}, **words)
    return [(d.code, d.path) for d in backends()["ec2"].problems("p", pool)]


@pytest.mark.parametrize(
    "words",
    [
        {"instance_types": ["c5.large"]},
        {"accelerator": {"name": "A10G", "count": "1..8"}},
        {"instance_types": ["g5.xlarge", "g5.2xlarge"]},
        {"instance_types": ["g5g.xlarge"]},
    ],
)
def test_capacity_that_there_is_an_image_for(words: dict[str, Any]) -> None:
    assert problems(**words) == []


@pytest.mark.parametrize(
    "words",
    [
        {"accelerator": {"name": "V100"}},
        {"accelerator": {"name": "Trainium"}},
        {"instance_types": ["c5.large", "g5.xlarge"]},
    ],
)
def test_capacity_that_no_image_has_drivers_for(words: dict[str, Any]) -> None:
    assert problems(**words) == [("TD206", "training.p")]


def test_more_machines_than_a_command_reaches() -> None:
    assert problems(instance_types=["c5.large"], nodes="1..51") == [("TD640", "training.p")]


def test_a_lease_that_outlasts_every_command() -> None:
    assert problems(instance_types=["c5.large"], lease="3d") == [("TD642", "training.p.lease")]


def test_a_job_that_starts_by_itself_on_spot_is_said_to_wait_for_the_reaper_when_it_loses_its_machine() -> None:
    words = {"instance_types": ["c5.large"], "trigger": {"store": "raw"}}
    assert problems(**words) == [("TD682", "training.p.trigger")]
    assert problems(**words, capacity={"spot": "never"}) == []


def test_a_sweep_that_starts_by_itself_has_to_begin_as_a_whole() -> None:
    words = {"instance_types": ["c5.large"], "schedule": "rate(1 day)", "capacity": {"spot": "never"}}
    sweep = {"sweep": {"grid": {"RATE": [1, 2]}, "at_once": 2}}
    assert problems(**words, job=sweep) == [("TD680", "training.p.job.sweep")]
    assert problems(**words, nodes="1..2", job=sweep) == []
