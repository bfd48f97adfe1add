"""A job that a schedule begins on machines of its own: the group's end first, and the reaper alone takes them away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.burst.ec2.conftest import POOL, Desk
from tests.unit.burst.permissions import actions_of, reaper_may, starter_may
from tests.unit.sandbox.waiting import until
from tideform.backends.training.ec2.in_account import ending, starting
from tideform.backends.training.ec2.start import words
from tideform.burst.carrying import Carried
from tideform.reaper.pools import Pools
from tideform.reaper.scheduled import JOB_OVER, NEVER_BEGAN
from tideform.reaper.settings import Settings
from tideform.reaper.starter import start
from tideform.reaper.starting.base import StartError
from tideform.reaper.sweep import Round
from tideform.registry.training import backends

LEASE = 1800


def plan_for(desk: Desk, *command: str, **words_: Any) -> dict[str, Any]:
    return {
        "pool": POOL,
        "handle": backends()["ec2"].handle(desk.deployment, POOL),
        "prices": {"c5.large": 0.085, "c5.xlarge": 0.17},
        "lease_seconds": LEASE,
        "begin_within": 960,
        "cause": "schedule",
        **words(desk.deployment, POOL, Carried(command)),
        **words_,
    }


def begin(desk: Desk, plan: dict[str, Any], more_time: Callable[[], bool] = lambda: True) -> dict[str, Any]:
    return start(desk.cloud, Pools(desk.table.items), plan, desk.cloud.clock(), more_time, lambda _: None)


def reap(desk: Desk, later: float = 120.0, spare: float = 30.0) -> list[str]:
    """One round of the reaper, so many seconds from now."""
    settings = Settings(desk.table.name, desk.deployment.spec.project, desk.deployment.environment)
    done = Round(desk.cloud, settings, clock=lambda: desk.cloud.clock() + later, spare=lambda: spare).run()
    return list(done["did"])


def ends_at(desk: Desk) -> float:
    asg, name = desk.cloud.client("autoscaling"), desk.group()["AutoScalingGroupName"]
    (action,) = asg.describe_scheduled_actions(AutoScalingGroupName=name)["ScheduledUpdateGroupActions"]
    found: datetime = action["StartTime"]
    return found.astimezone(UTC).timestamp()


def status(desk: Desk, job: str) -> str:
    return str(desk.cloud.client("ssm").list_commands(CommandId=job)["Commands"][0]["Status"])


def leases(desk: Desk) -> list[str]:
    return [lease.id for lease in desk.table.get(POOL).leases]


def test_the_job_runs_on_its_machines_and_the_reaper_takes_them_away_after_it(desk: Desk) -> None:
    begun = begin(desk, plan_for(desk, "sh", "-c", 'test "$WORLD_SIZE" = 2 && test -n "$TIDEFORM_LEASE"'))
    until(lambda: status(desk, begun["job"]) == "Success")
    assert f"{POOL}: ended {begun['lease']}: {JOB_OVER}" in reap(desk)
    assert (desk.runner.capacity(), leases(desk), desk.group()["DesiredCapacity"]) == ((), [], 0)


def test_while_it_runs_its_machines_stay_and_say_whose_they_are(desk: Desk) -> None:
    begun = begin(desk, plan_for(desk, "sleep", "600"))
    assert reap(desk) == []
    found = [one["Tags"] for one in described(desk)]
    assert [{tag["Key"]: tag["Value"] for tag in tags}["tideform:lease"] for tags in found] == [begun["lease"]] * 2
    assert ends_at(desk) == desk.table.get(POOL).leases[0].deadline
    assert "skipped" in begin(desk, plan_for(desk, "true"))


def described(desk: Desk) -> list[dict[str, Any]]:
    ids = [instance.id for instance in desk.runner.capacity()]
    pages = desk.cloud.client("ec2").describe_instances(InstanceIds=ids)["Reservations"]
    return [instance for page in pages for instance in page["Instances"]]


def test_with_everybody_gone_the_group_ends_by_itself(desk: Desk) -> None:
    begin(desk, plan_for(desk, "sleep", "6000"))
    desk.advance(LEASE + 180)
    until(lambda: desk.runner.capacity() == ())


def test_nothing_is_asked_for_that_would_not_end(desk: Desk) -> None:
    name = desk.group()["AutoScalingGroupName"]
    desk.cloud.client("autoscaling").suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["ScheduledActions"])
    with pytest.raises(StartError, match="are suspended"):
        begin(desk, plan_for(desk, "true"))
    assert (desk.group()["Instances"], desk.group()["DesiredCapacity"]) == ([], 0)


def test_without_spot_capacity_the_machines_are_bought_on_demand(desk: Desk) -> None:
    desk.market(lack=[{"types": "c5", "market": "spot"}])
    begin(desk, plan_for(desk, "sleep", "600"))
    assert [instance.spot for instance in desk.runner.capacity()] == [False, False]


def test_machines_that_do_not_come_in_time_are_not_left_to_come_later(desk: Desk) -> None:
    desk.market(lack=[{"types": "c5"}])
    looks = iter([True] * 20)
    with pytest.raises(StartError, match="InsufficientInstanceCapacity"):
        begin(desk, plan_for(desk, "true"), lambda: next(looks, False))
    assert desk.group()["DesiredCapacity"] == 2
    assert any(NEVER_BEGAN in line for line in reap(desk, later=0))
    assert (desk.group()["DesiredCapacity"], leases(desk)) == (0, [])


def test_a_job_that_failed_on_one_of_its_machines_is_over(desk: Desk) -> None:
    plan = plan_for(desk, "sh", "-c", 'test "$RANK" = 0 || exit 3; exec sleep 600')
    begin(desk, plan)
    until(lambda: starting.working(desk.cloud, plan["handle"]) == set())
    assert any("its job failed on i-" in line for line in reap(desk))
    assert ending.commands(desk.cloud, plan["handle"]) == []


def test_a_job_that_was_killed_for_lack_of_memory_is_told_by_its_code(desk: Desk) -> None:
    begun = begin(desk, plan_for(desk, "sh", "-c", "kill -KILL $$", size=1))
    until(lambda: status(desk, begun["job"]) == "TimedOut")
    assert starting.failed(desk.cloud, plan_for(desk)["handle"], begun["job"]).endswith(": it ended with 137")


def test_each_member_of_a_sweep_has_machines_and_a_place_of_its_own(desk: Desk) -> None:
    saving = {"uri": "s3://kept/checkpoints/pair", "every": "60"}
    show = 'test "$TIDEFORM_CHECKPOINT_URI" = "$TIDEFORM_CHECKPOINT_RUN_URI/$WANTED"'
    plan = plan_for(desk, "sh", "-c", show, checkpoints=saving, size=1)
    (task,) = plan["tasks"]
    plan["tasks"] = [{**task, "environment": {**task["environment"], "WANTED": str(index)}} for index in range(2)]
    begin(desk, plan)
    commands = desk.cloud.client("ssm").list_commands()["Commands"]
    mine = [one for one in commands if str(one["Comment"]).startswith(plan["handle"]["comment"])]
    assert len({tuple(one["InstanceIds"]) for one in mine}) == 2
    until(lambda: {status(desk, one["CommandId"]) for one in mine} == {"Success"})


def test_a_job_that_failed_because_its_machine_was_taken_away_is_told_as_lost(desk: Desk) -> None:
    plan = plan_for(desk, "sh", "-c", 'test "$RANK" = 0 || exec sleep 600; touch "$HOME/../$TIDEFORM_LEASE"; sleep 600')
    begun = begin(desk, plan)
    until((desk.workspace.sandbox / "jobs" / begun["lease"]).exists)
    first = desk.cloud.client("ssm").list_commands(CommandId=begun["job"])["Commands"][0]["InstanceIds"][0]
    desk.market(reclaim=[{"instance": first, "notice": 120}])
    until(lambda: starting.working(desk.cloud, plan["handle"]) == set())
    assert f"its job lost {first}" in starting.failed(desk.cloud, plan["handle"], begun["job"])


def test_a_start_takes_no_action_that_its_role_may_not(desk: Desk) -> None:
    with actions_of(desk.cloud) as taken:
        begin(desk, plan_for(desk, "true"))
    assert "ssm:SendCommand" in taken
    assert taken - starter_may(backend="ec2") == set()


def test_the_reaper_takes_no_action_that_its_role_may_not(desk: Desk) -> None:
    begin(desk, plan_for(desk, "true"))
    with actions_of(desk.cloud) as taken:
        reap(desk)
        reap(desk, later=LEASE + 60)
    assert "autoscaling:UpdateAutoScalingGroup" in taken
    assert taken - reaper_may() == set()
