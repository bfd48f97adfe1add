"""Capacity that does nothing ends after its pool's idle_timeout, told before; capacity at work does not."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.burst.permissions import actions_of, reaper_may
from tests.unit.burst.reaper.conftest import Reaped
from tests.unit.burst.reaper.leasing import Bursts, make_table
from tideform.burst.lease import State
from tideform.burst.reaper.endings import batch, eks, sagemaker
from tideform.burst.reaper.endings import ec2 as ending
from tideform.burst.reaper.utilisation import at_work
from tideform.cloud import Cloud

IDLE = 600


@pytest.fixture
def bursts(cloud: Cloud) -> Bursts:
    return Bursts(make_table(cloud, f"leases-{time.monotonic_ns()}"), time.time())


@pytest.fixture
def idle(pool: Reaped) -> Reaped:
    """A pool that may be idle for ten minutes."""
    return replace(pool, handle={**pool.handle, "idle_seconds": IDLE})


def test_an_idle_pool_is_told_of_and_then_ended(bursts: Bursts, idle: Reaped) -> None:
    lease = bursts.begin(idle)
    said = [bursts.reap(later)["did"] for later in (30, 330, 630)]
    assert said[0] == []
    assert said[1] == [f"{lease.pool}: warned {lease.id}: idle"]
    assert re.search(r"nothing has run on it for 1[01] minutes", said[2][0])  # by how long the looks themselves took
    assert (bursts.record(idle).state, idle.standing()) == (State.IDLE, [])


def test_a_pool_with_a_running_job_is_not_idle(bursts: Bursts, idle: Reaped) -> None:
    bursts.begin(idle)
    idle.submit("abc")
    assert [bursts.reap(later)["did"] for later in (300, 600, 900, 1200)] == [[]] * 4
    assert len(idle.standing()) == 2


def test_the_reaper_takes_no_action_that_its_role_may_not(bursts: Bursts, idle: Reaped) -> None:
    bursts.topic = idle.cloud.client("sns").create_topic(Name="told-of-idling")["TopicArn"]
    bursts.begin(idle)
    idle.submit("abc")
    with actions_of(idle.cloud) as taken:
        for later in (30, 330, 4000):
            bursts.reap(later)
    assert {"batch:TerminateJob", "sns:Publish"} <= taken
    assert taken - reaper_may() == set()


def test_it_counts_from_when_the_last_job_was_seen(bursts: Bursts, idle: Reaped) -> None:
    bursts.begin(idle)
    job = idle.submit("abc")
    bursts.reap(900)
    batch.terminate(idle.cloud, job)
    while batch.jobs(idle.cloud, idle.handle):
        time.sleep(0.05)
    bursts.reap(1200)
    bursts.reap(1700)
    assert len(idle.standing()) == 2
    bursts.reap(1810)
    assert idle.standing() == []


@pytest.mark.parametrize("junk", [{}, {"idle_since": "x"}, {"idle_since": [1]}])
def test_junk_in_what_was_seen_is_told_and_it_counts_anew(bursts: Bursts, idle: Reaped, junk: dict[str, Any]) -> None:
    lease = bursts.begin(idle)
    bursts.table.items.write({"pk": f"work#{lease.pool}", **junk})
    assert "since when it is idle cannot be read" in bursts.reap(IDLE + 10)["failures"][lease.pool]
    assert (bursts.reap(IDLE + 300)["failures"], len(idle.standing())) == ({}, 2)
    bursts.reap(2 * IDLE + 20)
    assert idle.standing() == []


def test_whoever_has_just_come_is_given_the_time_to_begin(bursts: Bursts, idle: Reaped) -> None:
    bursts.begin(idle)
    bursts.reap(300)
    bursts.began += 500
    bursts.begin(idle, owner="bob")
    bursts.reap(200)
    assert len(idle.standing()) == 2


def test_a_pool_that_says_nothing_of_idling_is_left_alone(bursts: Bursts, pool: Reaped) -> None:
    bursts.begin(pool)
    assert bursts.reap(3000)["did"] == [f"{pool.handle['pool']}: warned {bursts.record(pool).leases[0].id}: time"]


class _Answers:
    """Services that answer with what they are given, by operation."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def client(self, _service: str) -> _Answers:
        return self

    def get_paginator(self, operation: str) -> _Answers:
        return _Answers(paginate=self.answers[operation])

    def paginate(self, **_: Any) -> list[Any]:
        return [self.answers["paginate"]]

    def __getattr__(self, operation: str) -> Any:
        if operation not in self.answers:
            raise AttributeError(operation)
        return lambda **_: self.answers[operation]


def _machine(**more: Any) -> dict[str, Any]:
    launched = type("Launched", (), {"timestamp": lambda _: 0.0})()
    machine = {"InstanceId": "i-1", "InstanceType": "c5.large", "State": {"Name": "running"}, "LaunchTime": launched}
    return {"describe_instances": {"Reservations": [{"Instances": [machine]}]}, **more}


def _seen(*values: float) -> dict[str, Any]:
    return {"MetricDataResults": [{"Values": list(values)}]}


HANDLE = {"tags": {"tideform:unit": "fit"}, "comment": "demo-dev/fit ", "namespace": "fit", "job_prefix": "fit-"}


@pytest.mark.parametrize(
    ("commands", "sessions", "seen", "busy"),
    [
        ([], [], (1.5,), False),
        ([], [], (), False),
        ([{"Comment": "demo-dev/fit abc", "InstanceIds": ["i-1"], "CommandId": "c"}], [], (), True),
        ([{"Comment": "demo-dev/fit abc", "InstanceIds": ["i-gone"], "CommandId": "c"}], [], (), False),
        ([{"Comment": "other-dev/fit abc", "InstanceIds": ["i-1"], "CommandId": "c"}], [], (), False),
        ([], [{"SessionId": "ann-1"}], (), True),
        ([], [], (0.4, 71.0), True),
    ],
)
def test_a_machine_of_ec2_works_for_a_command_a_session_or_by_its_cpus(
    commands: list[Any], sessions: list[Any], seen: tuple[float, ...], busy: bool
) -> None:
    clients = _Answers(
        **_machine(
            list_commands={"Commands": commands},
            describe_sessions={"Sessions": sessions},
            get_metric_data=_seen(*seen),
        )
    )
    assert ending.busy(clients, HANDLE, 0.0) is busy


@pytest.mark.parametrize(("seen", "busy"), [((1.0,), False), ((40.0,), True), ((), True)])
def test_out_of_the_apis_reach_the_cpus_tell_of_a_clusters_machines(seen: tuple[float, ...], busy: bool) -> None:
    clients = _Answers(**_machine(get_metric_data=_seen(*seen)))
    assert eks.busy(clients, {**HANDLE, "context": "elsewhere", "cluster": ""}, 0.0) is busy


def test_a_warm_machine_of_sagemaker_does_nothing() -> None:
    assert not sagemaker.busy(_Answers(list_training_jobs={"TrainingJobSummaries": []}), HANDLE, 0.0)


def test_no_machine_is_at_no_work() -> None:
    assert not at_work(_Answers(), [], 0.0, unseen=False)
