"""What groups do by themselves as time goes by: scheduled actions, and hooks that hold an end."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.autoscaling.conftest import Group
from tests.unit.sandbox.waiting import until

HOOK = {"LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING", "DefaultResult": "CONTINUE"}


def hooked(group: Group) -> str:
    """A member that waits for its end."""
    group.api.put_lifecycle_hook(
        AutoScalingGroupName=group.name, LifecycleHookName="checkpoint", HeartbeatTimeout=120, **HOOK
    )
    group.update(DesiredCapacity=1)
    group.has(1)
    group.update(DesiredCapacity=0)
    (waiting,) = group.has(1, "Terminating:Wait")
    return str(waiting["InstanceId"])


def test_a_scheduled_action_fires_at_its_time_and_not_before(group: Group) -> None:
    group.update(DesiredCapacity=2)
    group.has(2)
    group.api.put_scheduled_update_group_action(
        AutoScalingGroupName=group.name, ScheduledActionName="end", StartTime=group.at(3600), MinSize=0, MaxSize=0,
        DesiredCapacity=0,
    )  # fmt: skip
    group.advance(3500)
    assert len(group.members()) == 2
    group.advance(200)
    until(lambda: not group.instances())
    told = group.told()
    assert (told["MinSize"], told["MaxSize"], told["DesiredCapacity"]) == (0, 0, 0)


def test_an_action_is_told_until_it_has_fired(group: Group) -> None:
    when = group.at(3600).replace(microsecond=0)
    group.api.put_scheduled_update_group_action(
        AutoScalingGroupName=group.name, ScheduledActionName="end", StartTime=when, MaxSize=0
    )
    (told,) = group.api.describe_scheduled_actions(AutoScalingGroupName=group.name)["ScheduledUpdateGroupActions"]
    assert (told["StartTime"], told["MaxSize"]) == (when, 0)
    group.advance(3700)
    assert group.api.describe_scheduled_actions(AutoScalingGroupName=group.name)["ScheduledUpdateGroupActions"] == []


def test_an_action_in_the_past_is_refused(group: Group) -> None:
    with pytest.raises(ClientError, match="in the past"):
        group.api.put_scheduled_update_group_action(
            AutoScalingGroupName=group.name, ScheduledActionName="end", StartTime=group.at(-60), MaxSize=0
        )


def test_a_hook_holds_the_instance_until_its_time_is_up(group: Group) -> None:
    hooked(group)
    assert len(group.instances()) == 1
    group.advance(100)
    assert len(group.instances()) == 1
    group.advance(30)
    until(lambda: not group.instances())


def test_completing_the_action_ends_the_wait(group: Group) -> None:
    instance = hooked(group)
    group.api.complete_lifecycle_action(
        AutoScalingGroupName=group.name,
        LifecycleHookName="checkpoint",
        InstanceId=instance,
        LifecycleActionResult="CONTINUE",
    )
    until(lambda: not group.instances())


def test_a_heartbeat_prolongs_the_wait(group: Group) -> None:
    instance = hooked(group)
    group.advance(100)
    group.api.record_lifecycle_action_heartbeat(
        AutoScalingGroupName=group.name, LifecycleHookName="checkpoint", InstanceId=instance
    )
    group.advance(100)
    assert len(group.instances()) == 1
