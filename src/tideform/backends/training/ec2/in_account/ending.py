"""How capacity of an Auto Scaling group ends: launches suspended and sizes zero, commands cancelled, machines ended.

The handle has the ``group``, its ``hook`` (whose wait is over then), its ``schedule`` (the action that would do the
same at the lease's end, and goes when nothing is left) and how the ``comment`` of the pool's commands begins.
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from tideform.backends.training.ec2.in_account.commands import listed, machines_of
from tideform.reaper import instances, longest, members
from tideform.reaper.base import Clients, Handle, Node
from tideform.reaper.claims import EXPIRES, LEASE, TOKEN
from tideform.reaper.steps import Steps
from tideform.reaper.utilisation import at_work

NEEDS = ("group", "hook", "schedule", "comment")
LONGEST = longest.LONGEST_COMMAND
WAITING = "Terminating:Wait"
_HEARD = ("pending", "running", "stopping", "stopped")  # states of machines that SSM takes a cancellation for
_WORKS = ("Pending", "InProgress", "Delayed")  # on one machine; what is being cancelled there ends, or hangs
_ZERO = {"MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0}


def stop(clients: Clients, handle: Handle) -> bool:
    """One step towards nothing: its machines are ended whatever else is refused, which raises at the end."""
    with Steps() as steps:
        found = steps.ask(lambda: group(clients, handle))
        if found is not None:
            steps.take(lambda: hold_at_zero(clients, found))
            steps.take(lambda: _let_go(clients, handle, found))
        standing = steps.find(lambda: instances.standing(nodes(clients, handle)))
        sent = steps.find(lambda: commands(clients, handle))
        steps.take(lambda: cancel(clients, sent))
        steps.take(lambda: instances.end(clients, standing))
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
    """The pool's instances by the tags that the group gives them, and by the one that AWS gives its members."""
    groups = [handle["group"]] if "group" in handle else []
    found = (*members.of_groups(clients, groups), *instances.tagged(clients, handle["tags"]))
    return list({node.id: node for node in found}.values())


def busy(clients: Clients, handle: Handle, now: float) -> bool:
    """Whether a command or somebody's session is on a machine, or its CPUs work: people work there by hand as well."""
    there = [node for node in nodes(clients, handle) if node.state == "running"]
    ids = {node.id for node in there}
    sent = [one["CommandId"] for one in commands(clients, handle) if ids.intersection(one["InstanceIds"])]
    if ids & machines_of(clients, sent, _WORKS):
        return True
    return any(_visited(clients, one) for one in ids) or at_work(clients, there, now, unseen=False)


def leases_of_jobs(clients: Clients, handle: Handle) -> set[str]:
    """By the comments of commands."""
    return {lease_of(command) for command in commands(clients, handle)}


def end_jobs(clients: Clients, handle: Handle, lease: str) -> None:
    """Cancel the commands of one lease; the machines stay for whoever else holds the pool."""
    cancel(clients, [command for command in commands(clients, handle) if lease_of(command) == lease])


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


def asks(found: Mapping[str, Any]) -> bool:
    """Whether a group wants machines, those that it has included."""
    return bool(found["MinSize"] or found["DesiredCapacity"])


def commands(clients: Clients, handle: Handle) -> list[dict[str, Any]]:
    """The pool's commands that go on on a machine that stands: SSM never hears of those that end.

    So it calls a command of theirs executing until its time is up, hours after they have gone.
    """
    mine = listed(clients, handle["comment"], ExecutionStage="Executing")
    there = {node.id for node in nodes(clients, handle) if node.state in _HEARD} if mine else set[str]()
    return [command for command in mine if _goes_on(clients, command, there)]


def _goes_on(clients: Clients, command: Mapping[str, Any], there: set[str]) -> bool:
    """Whether on one of the machines that are ``there``; where all of a command's are, SSM knows by itself."""
    standing = there.intersection(command["InstanceIds"])
    whole = len(standing) == len(command["InstanceIds"])
    return bool(standing) and (whole or bool(standing & machines_of(clients, [command["CommandId"]])))


def cancel(clients: Clients, sent: Iterable[Mapping[str, Any]]) -> None:
    """Ask commands to end on those of their ``InstanceIds`` that run; raises the first refusal when all were asked.

    That one has ended meanwhile, or a machine of it, is no error. On a machine that has gone SSM takes none.
    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CancelCommand.html
    """
    asked = {str(one["CommandId"]): set(one["InstanceIds"]) for one in sent}
    running = {machine for machine, _ in instances.running(clients, set[str]().union(*asked.values()))}
    with Steps() as steps:
        for command_id, machines in asked.items():
            if there := sorted(machines & running):
                steps.take(partial(_cancel, clients, command_id, there))


def _cancel(clients: Clients, command_id: str, machines: list[str]) -> None:
    """Together, and where one of them has just gone each by itself: SSM refuses the whole request for it.

    It refuses so, too, where no agent answers on a machine that runs, and its job goes on: that is raised.
    """
    ssm = clients.client("ssm")
    try:
        with suppress(ssm.exceptions.InvalidCommandId):
            ssm.cancel_command(CommandId=command_id, InstanceIds=machines)
    except ssm.exceptions.InvalidInstanceId:
        if len(machines) > 1:
            with Steps() as steps:
                steps.each(lambda machine: _cancel(clients, command_id, [machine]), machines)
        elif instances.running(clients, machines):
            raise


def lease_of(command: dict[str, Any]) -> str:
    """The lease that a command was sent under: the last word of its comment."""
    return str(command.get("Comment", "")).rpartition(" ")[2]


def hold_at_zero(clients: Clients, found: dict[str, Any]) -> None:
    """Either of both keeps machines from coming, so each is asked for. Raises the first refusal."""
    with Steps() as steps:
        steps.each(lambda hold: hold(clients, found), [_hold_launches, _hold_sizes])


def _hold_launches(clients: Clients, found: dict[str, Any]) -> None:
    asg, name = clients.client("autoscaling"), found["AutoScalingGroupName"]
    if "Launch" not in {process["ProcessName"] for process in found["SuspendedProcesses"]}:
        asg.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["Launch"])


def _hold_sizes(clients: Clients, found: dict[str, Any]) -> None:
    asg, name = clients.client("autoscaling"), found["AutoScalingGroupName"]
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
