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
from tideform.backends.training.batch.in_account import ending as batch
from tideform.backends.training.ec2.in_account import ending
from tideform.backends.training.eks.in_account import ending as eks
from tideform.backends.training.sagemaker.in_account import ending as sagemaker
from tideform.burst.lease import State
from tideform.cloud import Cloud
from tideform.reaper.base import Node
from tideform.reaper.instances import node_of
from tideform.reaper.utilisation import at_work

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
    return {"MetricDataResults": [{"Id": "m0", "Values": list(values)}]}


HANDLE = {"tags": {"tideform:unit": "fit"}, "comment": "demo-dev/fit ", "namespace": "fit", "job_prefix": "fit-"}


def _sent(comment: str, **statuses: str) -> dict[str, Any]:
    """A command of SSM's and what it says of it on each machine."""
    machines = {name.replace("_", "-"): status for name, status in statuses.items()}
    told = [{"InstanceId": name, "Status": status} for name, status in machines.items()]
    return {
        "list_commands": {"Commands": [{"Comment": comment, "InstanceIds": [*machines], "CommandId": "c"}]},
        "list_command_invocations": {"CommandInvocations": told},
    }


_NOTHING: dict[str, Any] = {"list_commands": {"Commands": []}}


@pytest.mark.parametrize(
    ("sent", "sessions", "seen", "busy"),
    [
        (_NOTHING, [], (1.5,), False),
        (_NOTHING, [], (), False),
        (_sent("demo-dev/fit abc", i_1="Pending"), [], (), True),
        (_sent("demo-dev/fit abc", i_1="InProgress"), [], (), True),
        (_sent("demo-dev/fit abc", i_1="Delayed"), [], (), True),
        (_sent("demo-dev/fit abc", i_gone="InProgress"), [], (), False),
        (_sent("other-dev/fit abc", i_1="InProgress"), [], (), False),
        (_NOTHING, [{"SessionId": "ann-1"}], (), True),
        (_NOTHING, [], (0.4, 71.0), True),
    ],
)
def test_a_machine_of_ec2_works_for_a_command_a_session_or_by_its_cpus(
    sent: dict[str, Any], sessions: list[Any], seen: tuple[float, ...], busy: bool
) -> None:
    clients = _Answers(**_machine(**sent, describe_sessions={"Sessions": sessions}, get_metric_data=_seen(*seen)))
    assert ending.busy(clients, HANDLE, 0.0) is busy


@pytest.mark.parametrize("left", ["Cancelled", "Cancelling", "Failed", "Success", "TimedOut"])
def test_what_ssm_waits_for_on_a_machine_that_is_gone_is_no_work_of_those_that_stay(left: str) -> None:
    sent = _sent("demo-dev/fit abc", i_1=left, i_gone="InProgress")
    clients = _Answers(**_machine(**sent, describe_sessions={"Sessions": []}, get_metric_data=_seen()))
    assert not ending.busy(clients, HANDLE, 0.0)


@pytest.mark.parametrize(("seen", "busy"), [((1.0,), False), ((40.0,), True), ((), True)])
def test_out_of_the_apis_reach_the_cpus_tell_of_a_clusters_machines(seen: tuple[float, ...], busy: bool) -> None:
    clients = _Answers(**_machine(get_metric_data=_seen(*seen)))
    assert eks.busy(clients, {**HANDLE, "context": "elsewhere", "cluster": ""}, 0.0) is busy


def test_a_warm_machine_of_sagemaker_does_nothing() -> None:
    assert not sagemaker.busy(_Answers(list_training_jobs={"TrainingJobSummaries": []}), HANDLE, 0.0)


@pytest.mark.parametrize("unseen", [False, True])
def test_no_machine_is_at_no_work(unseen: bool) -> None:
    assert not at_work(_Answers(), [], 0.0, unseen=unseen)


def _node(number: int, cpus: int) -> Node:
    return Node(f"i-{number}", "p5.48xlarge", "running", spot=False, launched=0.0, cpus=cpus)


@pytest.mark.parametrize(
    ("cpus", "percent", "working"),
    [
        (192, 0.27, True),  # half a core of 192, as one process that feeds eight GPUs
        (192, 0.25, False),
        (96, 1.1, True),  # one core of 96
        (8, 6.3, True),  # half a core of eight
        (8, 6.2, False),
        (2, 10.0, True),
        (2, 9.9, False),
        (0, 2.0, True),  # nobody tells how many it has
    ],
)
def test_half_a_core_is_work_whatever_the_machines_size(cpus: int, percent: float, working: bool) -> None:
    clients = _Answers(get_metric_data=_seen(percent))
    assert at_work(clients, [_node(0, cpus)], 0.0, unseen=False) is working


class _ManyMachines:
    """A CloudWatch that takes 500 queries at once, and has seen one machine work: the last."""

    def __init__(self, last: str) -> None:
        self.last = last

    def client(self, _service: str) -> _ManyMachines:
        return self

    def get_paginator(self, _operation: str) -> _ManyMachines:
        return self

    def paginate(self, *, MetricDataQueries: list[Any], **_: Any) -> list[Any]:  # noqa: N803  # the API's name
        assert len(MetricDataQueries) <= 500
        named = {q["Id"]: q["MetricStat"]["Metric"]["Dimensions"][0]["Value"] for q in MetricDataQueries}
        found = [{"Id": key, "Values": [90.0 if name == self.last else 0.1]} for key, name in named.items()]
        return [{"MetricDataResults": found}]


@pytest.mark.parametrize("machines", [500, 501, 1200])
def test_every_machine_of_a_large_pool_is_asked_about(machines: int) -> None:
    pool = [_node(number, 192) for number in range(machines)]
    assert at_work(_ManyMachines(f"i-{machines - 1}"), pool, 0.0, unseen=False)
    assert not at_work(_ManyMachines("i-elsewhere"), pool, 0.0, unseen=False)


def test_a_machine_says_how_many_cpus_it_has() -> None:
    found = _machine()["describe_instances"]["Reservations"][0]
    assert node_of({**found["Instances"][0], "CpuOptions": {"CoreCount": 96, "ThreadsPerCore": 2}}).cpus == 192
