"""How capacity of an Auto Scaling group ends: launches suspended and sizes zero, commands cancelled, machines ended.

The handle has the ``group``, its ``hook`` (whose wait is over then), its ``schedule`` (the action that would do the
same at the lease's end, and goes when nothing is left) and how the ``comment`` of the pool's commands begins.
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from tideform.burst.reaper import instances
from tideform.burst.reaper.base import Clients, Handle, Node
from tideform.burst.reaper.claims import EXPIRES, LEASE, TOKEN
from tideform.burst.reaper.utilisation import at_work

NEEDS = ("group", "hook", "schedule", "comment")
WAITING = "Terminating:Wait"
_ZERO = {"MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0}


def stop(clients: Clients, handle: Handle) -> bool:
    """One step towards nothing."""
    found = group(clients, handle)
    if found is not None:
        hold_at_zero(clients, found)
        _let_go(clients, handle, found)
    standing = instances.standing(nodes(clients, handle))
    for command in commands(clients, handle):
        cancel(clients, command["CommandId"])
    instances.end(clients, standing)
    if standing or (found is not None and found["Instances"]):
        return False
    if found is not None:
        _unschedule(clients, handle)
        _unname(clients, handle, found)
    return True


def tend(clients: Clients, handle: Handle, now: float) -> list[str]:  # noqa: ARG001  # every backend is asked alike
    """Nothing: the group's size bounds all of its ways of buying."""
    return []


def nodes(clients: Clients, handle: Handle) -> list[Node]:
    """The pool's instances by the tags that the group gives them."""
    return instances.tagged(clients, handle["tags"])


def busy(clients: Clients, handle: Handle, now: float) -> bool:
    """Whether a command or somebody's session is on a machine, or its CPUs work: people work there by hand as well."""
    there = [node.id for node in nodes(clients, handle) if node.state == "running"]
    if any(set(command["InstanceIds"]) & set(there) for command in commands(clients, handle)):
        return True
    return any(_visited(clients, one) for one in there) or at_work(clients, there, now, unseen=False)


def _visited(clients: Clients, instance: str) -> bool:
    """https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeSessions.html"""
    target = [{"key": "Target", "value": instance}]
    return bool(clients.client("ssm").describe_sessions(State="Active", Filters=target)["Sessions"])


def group(clients: Clients, handle: Handle) -> dict[str, Any] | None:
    """The Auto Scaling group as it is; None where there is none."""
    names = {"AutoScalingGroupNames": [handle["group"]]}
    found: list[dict[str, Any]] = clients.client("autoscaling").describe_auto_scaling_groups(**names)[
        "AutoScalingGroups"
    ]
    return found[0] if found else None


def commands(clients: Clients, handle: Handle) -> list[dict[str, Any]]:
    """The pool's commands that SSM has not seen the end of; it never hears of instances that ended."""
    executing = [{"key": "ExecutionStage", "value": "Executing"}]
    pages = clients.client("ssm").get_paginator("list_commands").paginate(Filters=executing)
    found = [command for page in pages for command in page["Commands"]]
    return [command for command in found if str(command.get("Comment", "")).startswith(handle["comment"])]


def cancel(clients: Clients, command_id: str) -> None:
    """Ask a command to end; that it has ended meanwhile is no error."""
    ssm = clients.client("ssm")
    with suppress(ssm.exceptions.InvalidCommandId):
        ssm.cancel_command(CommandId=command_id)


def lease_of(command: dict[str, Any]) -> str:
    """The lease that a command was sent under: the last word of its comment."""
    return str(command.get("Comment", "")).rpartition(" ")[2]


def hold_at_zero(clients: Clients, found: dict[str, Any]) -> None:
    asg, name = clients.client("autoscaling"), found["AutoScalingGroupName"]
    if "Launch" not in {process["ProcessName"] for process in found["SuspendedProcesses"]}:
        asg.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["Launch"])
    if any(found[size] for size in _ZERO):
        asg.update_auto_scaling_group(AutoScalingGroupName=name, **_ZERO)


def _let_go(clients: Clients, handle: Handle, found: dict[str, Any]) -> None:
    """Whoever stops a pool has given its jobs their last checkpoint: nothing is waited for any more."""
    asg = clients.client("autoscaling")
    for member in found["Instances"]:
        if member["LifecycleState"] == WAITING:
            with suppress(asg.exceptions.ClientError):  # its wait may be over by now; the next step looks again
                asg.complete_lifecycle_action(
                    AutoScalingGroupName=handle["group"],
                    LifecycleHookName=handle["hook"],
                    InstanceId=member["InstanceId"],
                    LifecycleActionResult="CONTINUE",
                )


def _unname(clients: Clients, handle: Handle, found: dict[str, Any]) -> None:
    """At rest the group says of nobody that it is theirs, so that no plan sees a change."""
    said = {tag["Key"] for tag in found.get("Tags") or ()}.intersection((LEASE, EXPIRES, TOKEN))
    if said:
        own = {"ResourceId": handle["group"], "ResourceType": "auto-scaling-group"}
        clients.client("autoscaling").delete_tags(Tags=[{**own, "Key": key} for key in sorted(said)])


def _unschedule(clients: Clients, handle: Handle) -> None:
    asg, name = clients.client("autoscaling"), handle["group"]
    found = asg.describe_scheduled_actions(AutoScalingGroupName=name, ScheduledActionNames=[handle["schedule"]])
    for action in found["ScheduledUpdateGroupActions"]:
        asg.delete_scheduled_action(AutoScalingGroupName=name, ScheduledActionName=action["ScheduledActionName"])
