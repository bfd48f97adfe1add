"""What the SageMaker backend says about pools, and within which times it ends jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.backends.training.sagemaker.names import LONGEST_RUN, SHORTEST_ON_DEMAND, TrainingNames, rungs, stopping
from tideform.diagnostics import Severity
from tideform.pools.shape import shape_of
from tideform.registry.training import backends
from tideform.spec.training import Pool

JOB = {"image": "trainer", "command": ["true"], "outputs": ["models"]}
LATE = 600


def pool(**words: Any) -> Pool:
    return Pool(**{"backend": "sagemaker", "instance_types": ["ml.g5.xlarge"], "job": JOB, **words})


def errors(**words: Any) -> list[tuple[str, str]]:
    found = backends()["sagemaker"].problems("p", pool(**words))
    return [(d.code, d.path) for d in found if d.severity is Severity.ERROR]


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"instance_types": [], "accelerator": {"name": "A10G", "count": "1..8"}},
        {"job": {**JOB, "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/trainer@sha256:0"}},
        {"keep_alive": "1h", "capacity": {"spot": "never"}},
        {"lease": "20m", "capacity": {"spot": "only"}},
    ],
)
def test_pools_that_it_runs(words: dict[str, Any]) -> None:
    assert errors(**words) == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ({"job": {**JOB, "secrets": {"TOKEN": "secret:hub"}}}, ("TD650", "training.p.job.secrets")),
        ({"job": {**JOB, "image": "ghcr.io/team/trainer"}}, ("TD650", "training.p.job.image")),
        ({"job": {**JOB, "outputs": []}}, ("TD650", "training.p.job")),
        ({"capacity": {"reservations": ["cr-01234567"]}}, ("TD650", "training.p.capacity.reservations")),
        ({"lease": "20m"}, ("TD651", "training.p.lease")),
        ({"keep_alive": "2h", "capacity": {"spot": "never"}}, ("TD651", "training.p.keep_alive")),
        ({"keep_alive": "10m"}, ("TD651", "training.p.keep_alive")),
    ],
)
def test_what_it_cannot_do_is_told_at_its_place(words: dict[str, Any], found: tuple[str, str]) -> None:
    assert errors(**words) == [found]


def test_a_warm_pool_is_warned_of() -> None:
    found = backends()["sagemaker"].problems("p", pool(keep_alive="30m", capacity={"spot": "never"}))
    assert [(d.code, d.severity) for d in found] == [("TD652", Severity.WARNING)]


def test_its_machines_go_by_sagemakers_names_and_prices() -> None:
    types = shape_of(pool(instance_types=[], accelerator={"name": "A10G"})).types
    assert (types[0].name, types[0].on_demand_usd) == ("ml.g5.xlarge", 1.408)


def test_the_ladder_tries_every_type_on_spot_before_on_demand() -> None:
    both = ["ml.g5.xlarge", "ml.g5.2xlarge"]
    assert list(rungs(pool(), both)) == [(way, kind) for way in ("spot", "on-demand") for kind in both]


@given(st.integers(0, 40 * 86400))
def test_a_spot_job_has_ended_ten_minutes_after_the_deadline(rest: int) -> None:
    times = stopping(rest, "spot")
    assert times["MaxRuntimeInSeconds"] <= times["MaxWaitTimeInSeconds"] <= min(max(rest, 1), LONGEST_RUN)


@given(st.integers(SHORTEST_ON_DEMAND, 40 * 86400))
def test_an_on_demand_job_has_too_however_long_it_waited(rest: int) -> None:
    times = stopping(rest, "on-demand")
    assert times["MaxPendingTimeInSeconds"] + times["MaxRuntimeInSeconds"] + 240 <= rest + LATE
    assert 60 <= times["MaxRuntimeInSeconds"] <= LONGEST_RUN


@given(st.from_regex(r"[a-z][a-z0-9-]{0,38}[a-z0-9]", fullmatch=True), st.integers(0, 9999), st.integers(0, 9))
def test_job_names_fit_and_tell_their_lease(unit: str, index: int, rung: int) -> None:
    names = TrainingNames(deployment_of({**FULL, "training": {}}, Path("/nowhere")), unit)
    name = names.job("0123456789ab", index, rung)
    assert len(name) <= 63
    assert names.lease_of(name) == "0123456789ab"


def test_the_jobs_of_a_pool_are_not_those_of_one_whose_name_goes_on() -> None:
    deployment = deployment_of({**FULL, "training": {}}, Path("/nowhere"))
    fit, other = (TrainingNames(deployment, unit) for unit in ("fit", "fit-2"))
    assert fit.lease_of(other.job("0123456789ab", 0, 0)) == ""


GRID = {"grid": {"RATE": [1, 2, 3]}}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"nodes": 3, "job": {**JOB, "sweep": {**GRID, "at_once": 3}}}, []),
        ({"nodes": 3, "job": {**JOB, "sweep": {**GRID, "at_once": 2}}}, ["TD680"]),
        ({"nodes": 2, "job": {**JOB, "sweep": {**GRID, "at_once": 3}}}, ["TD680"]),
    ],
)
def test_a_sweep_that_starts_by_itself_has_to_begin_as_a_whole(words: dict[str, Any], told: list[str]) -> None:
    assert [code for code, _ in errors(schedule="rate(1 day)", **words)] == told
    assert errors(**words) == []


def test_a_job_that_starts_by_itself_is_said_to_go_down_no_ladder() -> None:
    found = backends()["sagemaker"].problems("p", pool(schedule="rate(1 day)"))
    assert [(d.code, d.severity, d.path) for d in found] == [("TD681", Severity.NOTE, "training.p.schedule")]
    assert backends()["sagemaker"].problems("p", pool(schedule="rate(1 day)", capacity={"spot": "never"})) == []
