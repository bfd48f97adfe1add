"""A burst on EC2, step by step, against the sandbox: its end comes first, and machines go however it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.burst.ec2.conftest import POOL, Desk
from tests.unit.sandbox.waiting import until
from tideform.backends.training.ec2.gang import Gang
from tideform.backends.training.ec2.in_account import ending, group
from tideform.backends.training.ec2.in_account.script import Node, Task
from tideform.backends.training.ec2.names import GroupNames
from tideform.burst.brakes import require
from tideform.burst.clearance import Hooks
from tideform.burst.extend import extend
from tideform.burst.halt import Halt, silent
from tideform.burst.runner import Work
from tideform.burst.session import Session
from tideform.burst.teardown import Teardown
from tideform.errors import RefusedError
from tideform.reaper import instances
from tideform.reaper.keeper import STOPPER
from tideform.reaper.pools import Pools
from tideform.spec.quantities import Count, Duration
from tideform.spec.training import Capacity
from tideform.times import utc


def ends_at(desk: Desk) -> float:
    """When the group takes itself to zero."""
    name = desk.group()["AutoScalingGroupName"]
    (action,) = desk.cloud.client("autoscaling").describe_scheduled_actions(AutoScalingGroupName=name)[
        "ScheduledUpdateGroupActions"
    ]
    found: datetime = action["StartTime"]
    return found.astimezone(UTC).timestamp()


def down(desk: Desk) -> None:
    runner = desk.runner
    until(runner.down)


def code_of(raised: pytest.ExceptionInfo[RefusedError]) -> str:
    return raised.value.diagnostics[0].code


def test_looking_whether_the_brake_is_there_puts_it(desk: Desk) -> None:
    lease = desk.lease()
    require(desk.runner.brakes()[:1])
    assert ends_at(desk) == lease.deadline


def test_a_group_that_does_not_heed_its_schedule_has_no_brake(desk: Desk) -> None:
    lease = desk.lease()
    name = desk.group()["AutoScalingGroupName"]
    desk.cloud.client("autoscaling").suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["ScheduledActions"])
    with pytest.raises(RefusedError) as raised:
        require(desk.runner.brakes()[:1])
    assert code_of(raised) == "TD605"
    with pytest.raises(RefusedError) as raised:
        desk.runner.up(lease, Halt())
    assert code_of(raised) == "TD644"
    assert desk.group()["Instances"] == []


def test_up_brings_spot_machines_and_schedules_their_end(desk: Desk) -> None:
    lease = desk.up()
    assert [instance.spot for instance in desk.runner.capacity()] == [True, True]
    assert ends_at(desk) == lease.deadline


def of_up_to(desk: Desk, machines: int, own: int = 1) -> Desk:
    """The desk with a pool that begins with one machine and may have so many; its ``own`` job runs on one, or more."""
    spec = desk.deployment.spec
    old = spec.training[POOL]
    words = {"nodes": Count.parse(f"1..{machines}"), "job": old.job.model_copy(update={"nodes": own})}
    changed = spec.model_copy(update={"training": {POOL: old.model_copy(update=words)}})
    return replace(desk, deployment=replace(desk.deployment, spec=changed))


def test_a_job_of_more_machines_than_are_there_gets_them(desk: Desk) -> None:
    small = of_up_to(desk, 2)
    lease = small.up()
    small.runner.widen(lease, Work(("true",), nodes=2), Halt())
    assert len(small.runner.capacity()) == 2


def test_a_burst_brings_no_more_than_its_job_has_of_machines(desk: Desk) -> None:
    small = of_up_to(desk, 2, own=2)
    small.runner.up(small.lease(), Halt(), Work(("true",), nodes=1))
    assert len(small.runner.capacity()) == 1


def test_what_is_held_for_the_pools_own_job_has_its_machines(desk: Desk) -> None:
    small = of_up_to(desk, 2, own=2)
    small.up()
    assert len(small.runner.capacity()) == 2


def test_a_job_of_few_machines_takes_none_from_another(desk: Desk) -> None:
    small = of_up_to(desk, 3)
    small.runner.begin(small.lease(), Work(("sleep", "300"), nodes=3), Halt())
    small.runner.begin(small.lease(), Work(("true",)), Halt())
    assert small.group()["DesiredCapacity"] == 3
    assert len(small.runner.capacity()) == 3


def test_the_end_follows_the_latest_lease(desk: Desk) -> None:
    desk.up()
    later = desk.lease(longer=600)
    desk.runner.hold_until(later.deadline)
    assert ends_at(desk) == later.deadline


def test_the_end_comes_nearer_when_the_latest_lease_is_over(desk: Desk) -> None:
    first = desk.up()
    later = desk.lease(longer=600)
    desk.runner.hold_until(later.deadline)
    desk.table.release(later, later.created)
    desk.runner.end_jobs(later)
    assert ends_at(desk) == first.deadline


def test_without_spot_capacity_the_machines_are_bought_on_demand(desk: Desk) -> None:
    desk.market(lack=[{"types": "c5", "market": "spot"}])
    desk.up()
    assert [instance.spot for instance in desk.runner.capacity()] == [False, False]


def test_why_another_way_of_buying_is_tried_is_told(desk: Desk) -> None:
    said: list[str] = []
    desk.market(lack=[{"types": "c5", "market": "spot"}])
    desk.runner.up(desk.lease(), Halt(said.append))
    (told,) = [line for line in said if line.endswith("The next way of buying is tried.")]
    assert told.startswith("spot: ")


def of_reservation(desk: Desk, machines: int, **capacity: Any) -> tuple[Desk, str]:
    """The desk with a pool that has a reservation of so many machines, and the reservation's id."""
    made = desk.cloud.client("ec2").create_capacity_reservation(
        InstanceType="c5.large",
        InstancePlatform="Linux/UNIX",
        AvailabilityZone="us-east-1a",
        InstanceCount=machines,
        InstanceMatchCriteria="targeted",
    )
    reservation = str(made["CapacityReservation"]["CapacityReservationId"])
    words = {"capacity": Capacity(reservations=(reservation,), **capacity)}
    spec = desk.deployment.spec
    changed = spec.model_copy(update={"training": {POOL: spec.training[POOL].model_copy(update=words)}})
    return replace(desk, deployment=replace(desk.deployment, spec=changed)), reservation


@pytest.mark.parametrize("machines", [2, 1])
def test_a_reservation_is_used_up_before_anything_is_bought(desk: Desk, machines: int) -> None:
    reserving, reservation = of_reservation(desk, machines, spot="never")
    reserving.up()
    held = [one.reservation for one in desk.runner.capacity()]
    assert (len(held), held.count(reservation)) == (2, machines)


def test_what_a_reservation_has_too_little_of_is_bought_as_spot_altogether(desk: Desk) -> None:
    """Auto Scaling would replace the reserved one: it is an on-demand machine."""
    reserving, _ = of_reservation(desk, 1)
    reserving.up()
    stay = group.in_service(desk.cloud, desk.runner.handle)
    assert [one.spot for one in desk.runner.capacity() if one.id in stay] == [True, True]


def test_without_the_first_type_the_second_comes(desk: Desk) -> None:
    desk.market(lack=[{"types": "c5.large"}])
    desk.up()
    assert {instance.type for instance in desk.runner.capacity()} == {"c5.xlarge"}


def test_without_any_capacity_every_rung_says_why(desk: Desk) -> None:
    desk.market(lack=[{"types": "c5"}])
    with pytest.raises(RefusedError) as raised:
        desk.up()
    detail = raised.value.diagnostics[0].detail
    assert code_of(raised) == "TD606"
    assert "spot: InsufficientInstanceCapacity" in detail
    assert "on-demand: InsufficientInstanceCapacity" in detail


def test_a_quota_ends_the_ladder_at_once(desk: Desk) -> None:
    desk.market(quota=[{"family": "standard", "limit": 1, "spot": True}])
    with pytest.raises(RefusedError) as raised:
        desk.up()
    assert code_of(raised) == "TD643"
    assert "MaxSpotInstanceCountExceeded" in raised.value.diagnostics[0].detail


def test_slow_machines_are_waited_for(desk: Desk) -> None:
    desk.market(slow=[{"types": "c5", "seconds": 60}])
    coming = threading.Thread(target=desk.up)
    coming.start()
    until(lambda: len(desk.group()["Instances"]) == 2)
    assert {member["LifecycleState"] for member in desk.group()["Instances"]} == {"Pending"}
    desk.advance(61)
    coming.join(30)
    assert {member["LifecycleState"] for member in desk.group()["Instances"]} == {"InService"}


def test_a_job_runs_on_each_node_with_its_rank(desk: Desk) -> None:
    code, lines = desk.run(desk.up(), "sh", "-c", "echo $RANK of $WORLD_SIZE at $MASTER_ADDR")
    assert code == 0
    assert sorted(lines) == ["[0] 0 of 2 at 127.0.0.1", "[1] 1 of 2 at 127.0.0.1"]


def test_a_job_runs_on_fewer_nodes_than_the_pools_own_where_that_is_asked_for(desk: Desk) -> None:
    _, lines = desk.run(desk.up(), "sh", "-c", "echo $RANK of $WORLD_SIZE", nodes=1)
    assert lines == ["0 of 1"]


def test_the_first_node_that_fails_ends_the_job(desk: Desk) -> None:
    code, _ = desk.run(desk.up(), "sh", "-c", 'if [ "$RANK" = 1 ]; then exit 5; fi; exec sleep 300')
    assert code == 5
    until(lambda: desk.runner.jobs() == ())


def test_an_array_runs_one_job_a_set_of_variables(desk: Desk) -> None:
    array = tuple({"RATE": str(n)} for n in range(3))
    command = ("sh", "-c", 'echo "rate $RATE"; [ "$RATE" != 1 ]')
    code, lines = desk.run(desk.up(), *command, array=array, at_once=2)
    assert code == 1
    assert sorted(lines) == ["rate 0", "rate 1", "rate 2"]


def come_to_an_end(desk: Desk, job: threading.Thread) -> None:
    """Let the time go by that the ranks that are left have to save their work."""

    def over() -> bool:
        desk.advance(1)
        return not job.is_alive()

    until(over, timeout=60)


def test_a_job_whose_machine_is_taken_away_starts_again(desk: Desk) -> None:
    lease = desk.up()
    once = 'if [ -e "$HOME/../again-$RANK" ]; then exit 0; fi; touch "$HOME/../again-$RANK"; exec sleep 300'
    ended: list[tuple[int, list[str]]] = []
    job = threading.Thread(target=lambda: ended.append(desk.run(lease, "sh", "-c", once)))
    job.start()
    until(lambda: len(desk.runner.jobs()) == 1)
    first = desk.runner.capacity()[0].id
    folder = desk.workspace.sandbox / "jobs"
    until(lambda: len(list(folder.glob("again-*"))) == 2)
    desk.cloud.client("ec2").terminate_instances(InstanceIds=[first])
    come_to_an_end(desk, job)
    ((code, lines),) = ended
    assert code == 0
    assert lines[-1].startswith(f"tideform: {first} was taken away")


def test_a_halt_cancels_the_job(desk: Desk) -> None:
    lease = desk.up()
    halt = Halt()

    def stop() -> None:
        raise KeyError

    def on_log(line: str) -> None:
        halt.limits.append(stop)

    with pytest.raises(KeyError):
        desk.runner.run(lease, Work(("sh", "-c", "echo on; exec sleep 300")), on_log, halt)
    until(lambda: desk.runner.jobs() == ())


def test_down_leaves_nothing_and_no_schedule(desk: Desk) -> None:
    desk.up()
    down(desk)
    group = desk.group()
    assert (group["DesiredCapacity"], group["MaxSize"], group["Instances"]) == (0, 0, [])
    assert [process["ProcessName"] for process in group["SuspendedProcesses"]] == ["AZRebalance", "Launch"]
    assert desk.runner.capacity() == ()
    name = group["AutoScalingGroupName"]
    actions = desk.cloud.client("autoscaling").describe_scheduled_actions(AutoScalingGroupName=name)
    assert actions["ScheduledUpdateGroupActions"] == []


def test_down_takes_machines_along_that_lost_all_their_tags(desk: Desk) -> None:
    desk.up()
    group, ec2 = desk.group(), desk.cloud.client("ec2")
    machines = [one["InstanceId"] for one in group["Instances"]]
    own = {key for tags in tags_of(desk) for key in tags if not key.startswith("aws:")}
    ec2.delete_tags(Resources=machines, Tags=[{"Key": key} for key in own])
    assert {one.id for one in desk.runner.capacity()} == set(machines)
    down(desk)
    found = instances.described(desk.cloud, [{"Name": "instance-id", "Values": machines}])
    assert {one["State"]["Name"] for one in found} == {"terminated"}


def test_the_reaper_ends_the_commands_of_one_lease_and_no_other(desk: Desk) -> None:
    desk.up()
    ssm, handle = desk.cloud.client("ssm"), desk.runner.handle
    machines = [one["InstanceId"] for one in desk.group()["Instances"]]
    for lease in ("over", "held"):
        ssm.send_command(
            InstanceIds=machines[:1],
            DocumentName="AWS-RunShellScript",
            Comment=f"{handle['comment']}{lease}",
            Parameters={"commands": ["sleep 300"]},
        )
    until(lambda: ending.leases_of_jobs(desk.cloud, handle) == {"over", "held"})
    ending.end_jobs(desk.cloud, handle, "over")
    until(lambda: ending.leases_of_jobs(desk.cloud, handle) == {"held"})
    down(desk)


def test_down_of_a_pool_that_was_never_made_is_done(desk: Desk) -> None:
    name = desk.group()["AutoScalingGroupName"]
    desk.cloud.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    assert desk.runner.down()


def test_the_schedule_alone_ends_everything_with_a_job_that_does_not_want_to(desk: Desk) -> None:
    """Nobody follows the job: whoever sent it is gone."""
    lease, names = desk.up(), GroupNames(desk.deployment, POOL)
    found = instances.running(desk.cloud, group.in_service(desk.cloud, desk.runner.handle))
    job = Gang(
        desk.cloud,
        desk.runner.handle,
        f"{names.comment}{lease.id}",
        names.log_group,
        [Node(*one) for one in found],
        silent,
    )
    stubborn = Task(("sh", "-c", "trap '' TERM; while :; do sleep 1; done"), "trainer")
    job.start(stubborn, lease.rest(desk.cloud.clock()))
    until(lambda: len(desk.runner.jobs()) == 1)
    desk.advance(30 * 60)
    desk.advance(10 * 60)
    until(lambda: not desk.runner.capacity() and not desk.runner.jobs())


def run_and_take(desk: Desk, script: str, take: Callable[[str], None]) -> tuple[int, list[str]]:
    """Run a job that touches ``on-RANK`` when it begins, and take the machine of rank 0 once both ranks have."""
    lease, folder = desk.up(), desk.workspace.sandbox / "jobs"
    for left in folder.glob("on-*"):
        left.unlink()
    ended: list[tuple[int, list[str]]] = []
    command = ("sh", "-c", script)
    job = threading.Thread(target=lambda: ended.append(desk.run(lease, *command)))
    job.start()
    until(lambda: len(list(folder.glob("on-*"))) == 2)
    take(desk.cloud.client("ssm").list_commands()["Commands"][0]["InstanceIds"][0])
    come_to_an_end(desk, job)
    (found,) = ended
    return found


DIES_OF_SIGTERM = 'at="$HOME/../on-$RANK"; [ ! -e "$at" ] || exit 0; touch "$at"; exec sleep 300'


@pytest.mark.parametrize("notice", [0, 2, 8, 120])
def test_a_job_that_dies_of_its_machines_notice_starts_again(desk: Desk, notice: int) -> None:
    def take(machine: str) -> None:
        desk.market(reclaim=[{"instance": machine, "notice": notice}])

    code, lines = run_and_take(desk, DIES_OF_SIGTERM, take)
    assert code == 0
    assert "was taken away" in lines[-1]


def test_a_job_on_a_machine_that_auto_scaling_replaces_starts_again(desk: Desk) -> None:
    def take(machine: str) -> None:
        asg = desk.cloud.client("autoscaling")
        asg.terminate_instance_in_auto_scaling_group(InstanceId=machine, ShouldDecrementDesiredCapacity=False)

    code, lines = run_and_take(desk, DIES_OF_SIGTERM, take)
    assert (code, "was taken away" in lines[-1]) == (0, True)


def test_a_rank_that_fails_because_its_peer_has_gone_is_no_failure_of_the_job(desk: Desk) -> None:
    """As collectives do: the machine of rank 0 goes without a word, and rank 1 ends with a code of its own."""
    left = 'at="$HOME/../on-$RANK"; [ ! -e "$at" ] || exit 0; touch "$at"; [ "$RANK" = 0 ] && exec sleep 300'
    wait = 'until [ -e "$HOME/../gone" ]; do sleep 0.1; done; exit 1'

    def take(machine: str) -> None:
        desk.market(reclaim=[{"instance": machine, "notice": 0}])
        until(lambda: machine not in {one.id for one in desk.runner.capacity()})
        (desk.workspace.sandbox / "jobs" / "gone").touch()

    code, lines = run_and_take(desk, f"{left}; {wait}", take)
    assert (code, "was taken away" in lines[-1]) == (0, True)


def test_a_job_that_ends_with_143_on_machines_that_stay_has_failed(desk: Desk) -> None:
    code, lines = desk.run(desk.up(), "sh", "-c", "kill -TERM $$")
    assert code == 143
    assert not any("was taken away" in line for line in lines)


def test_a_job_that_is_killed_for_lack_of_memory_ends_with_137(desk: Desk) -> None:
    code, _ = desk.run(desk.up(), "sh", "-c", "kill -KILL $$")
    assert code == 137


def test_a_running_job_says_so_and_names_its_machines(desk: Desk) -> None:
    lease = desk.up()
    halt = Halt()
    seen: list[tuple[str, int]] = []

    def note() -> None:
        seen.extend((job.status, len(job.nodes)) for job in desk.runner.jobs())
        if ("RUNNING", 2) in seen:
            raise KeyError

    halt.limits.append(note)
    with pytest.raises(KeyError):
        desk.runner.run(lease, Work(("sleep", "300"), nodes=2), silent, halt)
    assert ("RUNNING", 2) in seen


def tags_of(desk: Desk) -> list[dict[str, str]]:
    """The tags of each machine that stands."""
    states = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    group = [{"Name": "tag:aws:autoscaling:groupName", "Values": [desk.group()["AutoScalingGroupName"]]}]
    found = instances.described(desk.cloud, [*states, *group])
    return [{tag["Key"]: tag["Value"] for tag in machine["Tags"]} for machine in found]


def test_machines_say_at_launch_whose_they_are(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is killed right after it has asked for machines could tell them nothing afterwards."""
    monkeypatch.setattr(instances, "tell_lease", lambda *_: None)
    lease = desk.up()
    record = desk.table.get(POOL)
    wanted = {"tideform:lease": lease.id, "tideform:token": str(record.token), "tideform:expires": utc(lease.deadline)}
    assert [wanted.items() <= tags.items() for tags in tags_of(desk)] == [True, True]
    down(desk)


@pytest.mark.parametrize("step", ["CreateOrUpdateTags", "UpdateAutoScalingGroup", "ResumeProcesses"])
def test_whoever_was_frozen_before_a_launch_launches_nothing_without_its_lease(
    desk: Desk, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It wakes up right before its request leaves; the reaper has ended its burst meanwhile."""
    monkeypatch.setattr("tideform.burst.session.require", lambda _: [])
    session = Session(
        desk.deployment.spec.training[POOL], Teardown.of(desk.cloud, desk.deployment, POOL, Hooks(), silent)
    )

    def ended(**_: object) -> None:
        item = desk.table.items.get(f"pool#{POOL}")
        assert item is not None
        pools = Pools(desk.table.items)
        if item["leases"]:
            stopping = pools.begin_stop(item["pk"], item["token"], STOPPER, desk.cloud.clock())
            assert stopping is not None
            pools.stopped(stopping, desk.cloud.clock(), reaped=True)

    events = desk.cloud.client("autoscaling").meta.events
    events.register(f"before-call.auto-scaling.{step}", ended, unique_id="frozen")
    with pytest.raises(RefusedError) as raised:
        session.up()
    events.unregister(f"before-call.auto-scaling.{step}", unique_id="frozen")
    assert code_of(raised) == "TD690"
    assert tags_of(desk) == []


def test_a_second_burst_tags_the_group_anew(desk: Desk) -> None:
    desk.up()
    record = desk.table.get(POOL)
    down(desk)
    (lease,) = record.leases
    item = desk.table.release(lease, desk.cloud.clock())
    assert item is not None
    desk.table.stopped(item, desk.cloud.clock())
    second = desk.up()
    assert {tags["tideform:lease"] for tags in tags_of(desk)} == {second.id}
    down(desk)


def launched_with(desk: Desk) -> dict[str, str]:
    """What the group gives to a machine that it launches from now on."""
    return {tag["Key"]: tag["Value"] for tag in desk.group()["Tags"] if tag["PropagateAtLaunch"]}


def test_what_launches_later_says_the_latest_end_of_all_leases(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease that joins, and one that is made longer, move it; the machines stay of the burst that brought them."""
    first = desk.up()
    later = desk.lease(longer=600)
    desk.runner.up(later, Halt())
    assert [launched_with(desk)[key] for key in ("tideform:lease", "tideform:expires")] == [
        first.id,
        utc(later.deadline),
    ]
    monkeypatch.setattr("tideform.burst.extend.require", lambda _: [])  # a desk has no reaper
    extend(desk.table, desk.runner, desk.deployment, POOL, Duration(3600))
    assert launched_with(desk)["tideform:expires"] == utc(later.deadline + 3600)
    down(desk)
