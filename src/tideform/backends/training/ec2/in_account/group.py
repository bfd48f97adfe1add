"""What is asked of a pool's Auto Scaling group when capacity comes in: its own end, then machines bought in one way.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tideform.backends.training.ec2.in_account import buying, ending
from tideform.reaper import instances
from tideform.reaper.base import Clients, Handle
from tideform.reaper.claims import EXPIRES, Claim, utc

_ZERO = {"MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0}
_REASON = re.compile(r"^Could not launch (?:Spot|On-Demand) Instances\. (?P<why>.*?) Launching EC2 instance failed\.$")


def put_end(clients: Clients, handle: Handle, deadline: int) -> str:
    """Let the group take itself to zero at ``deadline``; what is wrong with that, read back. Empty if it will."""
    when = datetime.fromtimestamp(deadline, UTC).replace(microsecond=0)
    name, action = handle["group"], handle["schedule"]
    found = end_of(clients, handle)
    if found is None or found.get("StartTime") != when:
        clients.client("autoscaling").put_scheduled_update_group_action(
            AutoScalingGroupName=name, ScheduledActionName=action, StartTime=when, **_ZERO
        )
        found = end_of(clients, handle)
    if found is None:
        return f"the scheduled action of {name} is not there after it was put"
    if found.get("StartTime") != when or any(found.get(size) != 0 for size in _ZERO):
        return f"the scheduled action of {name} is another than the one that was put"
    return _suspended(clients, handle)


def end_of(clients: Clients, handle: Handle) -> dict[str, Any] | None:
    """The scheduled action as it stands."""
    names = {"AutoScalingGroupName": handle["group"], "ScheduledActionNames": [handle["schedule"]]}
    actions: list[dict[str, Any]] = clients.client("autoscaling").describe_scheduled_actions(**names)[
        "ScheduledUpdateGroupActions"
    ]
    return actions[0] if actions else None


def say_whose(clients: Clients, handle: Handle, claim: Claim) -> None:
    """Let every machine that the group launches from now on say in whose name, its replacements too.

    Until when is the latest of all leases, also where the machines stay another one's.
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html
    """
    _launch_with(clients, handle, {**claim.over(_tags(clients, handle)), EXPIRES: utc(claim.deadline)})


def say_until(clients: Clients, handle: Handle, deadline: int) -> None:
    """Let what the group launches from now on say this end. Groups take new tags without a machine being replaced."""
    _launch_with(clients, handle, {EXPIRES: utc(deadline)})


def _launch_with(clients: Clients, handle: Handle, wanted: Mapping[str, str]) -> None:
    there = _tags(clients, handle)
    own = {"ResourceId": handle["group"], "ResourceType": "auto-scaling-group", "PropagateAtLaunch": True}
    if tags := [{**own, "Key": key, "Value": value} for key, value in wanted.items() if there.get(key) != value]:
        clients.client("autoscaling").create_or_update_tags(Tags=tags)


def _tags(clients: Clients, handle: Handle) -> dict[str, str]:
    found = ending.group(clients, handle)
    return {tag["Key"]: tag.get("Value", "") for tag in found.get("Tags") or ()} if found else {}


def ask(clients: Clients, handle: Handle, kind: str, reservation: str, *, nodes: int, most: int) -> None:
    """Ask for so many machines, bought as ``spot``, ``on-demand`` or out of a reservation, and let the group launch.

    Where others have asked for more it stays so: a group that is to have fewer ends machines that somebody works on.
    Whether the way may be another than the group's own is for `buying.bound` to say.
    """
    asg, name = clients.client("autoscaling"), handle["group"]
    found = ending.group(clients, handle) or {}
    there = int(found.get("DesiredCapacity", 0))
    asg.update_auto_scaling_group(
        AutoScalingGroupName=name,
        **_way(found, buying.percent_for(kind)),
        CapacityReservationSpecification=_reserved(reservation),
        MinSize=0,
        MaxSize=max(most, there),
        DesiredCapacity=max(nodes, there),
    )
    _leave_zones(asg, name, found)
    asg.resume_processes(AutoScalingGroupName=name, ScalingProcesses=["Launch"])


def _way(found: Mapping[str, Any], percent: int) -> dict[str, Any]:
    """The whole distribution, where it changes: what is not said of it becomes the API's default.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html
    """
    there = buying.distribution(found)
    if there.get(buying.PERCENT) == percent:
        return {}
    return {"MixedInstancesPolicy": {"InstancesDistribution": {**there, buying.PERCENT: percent}}}


def _reserved(reservation: str) -> dict[str, Any]:
    if not reservation:
        return {"CapacityReservationPreference": "default"}
    target = {"CapacityReservationIds": [reservation]}
    return {"CapacityReservationPreference": "capacity-reservations-only", "CapacityReservationTarget": target}


def _leave_zones(asg: Any, name: str, found: Mapping[str, Any]) -> None:
    """Never even out zones, which ends machines at work; groups of older versions do not say so by themselves.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html
    """
    if "AZRebalance" not in _held(found):
        asg.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["AZRebalance"])


def in_service(clients: Clients, handle: Handle) -> list[str]:
    """The ids of the members that are in service, but for those that the group is about to replace; in order."""
    found = ending.group(clients, handle)
    if found is None:
        return []
    there = [one["InstanceId"] for one in found["Instances"] if one["LifecycleState"] == "InService"]
    return buying.staying(clients, found, there)


def going(clients: Clients, handle: Handle, ids: Iterable[str]) -> list[str]:
    """Those of these machines that have ended, or are on their way out of the group; in order.

    What runs on such a machine gets SIGTERM while EC2 still calls it running: only the group knows better then.
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
    """
    wanted = set(ids)
    found = ending.group(clients, handle)
    members = found["Instances"] if found else []
    staying = {one["InstanceId"] for one in members if not one["LifecycleState"].startswith("Terminating")}
    return sorted(wanted - (staying & {machine for machine, _ in instances.running(clients, wanted)}))


def reachable(clients: Clients, ids: Iterable[str]) -> bool:
    """Whether SSM's agent on each of these machines has reported."""
    wanted = set(ids)
    filters = [{"Key": "InstanceIds", "Values": sorted(wanted)}]
    pages = clients.client("ssm").get_paginator("describe_instance_information").paginate(Filters=filters)
    told = [one for page in pages for one in page["InstanceInformationList"]]
    return {one["InstanceId"] for one in told if one["PingStatus"] == "Online"} >= wanted


def activities(clients: Clients, handle: Handle, *, ended: bool = True) -> list[dict[str, Any]]:
    """The latest scaling activities that have ended; all of the latest without that. None of a group that is gone."""
    from botocore.exceptions import ClientError

    name = {"AutoScalingGroupName": handle["group"], "MaxRecords": 20 if ended else 100}
    try:
        found: list[dict[str, Any]] = clients.client("autoscaling").describe_scaling_activities(**name)["Activities"]
    except ClientError:  # of a group that there is not it is a ValidationError, as of much else
        if ending.group(clients, handle) is not None:
            raise
        return []
    return [activity for activity in found if not ended or activity.get("EndTime") is not None]


def refusal(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> str:
    """Why a launch has failed since ``before``, in EC2's words; empty where none has."""
    seen = {activity["ActivityId"] for activity in before}
    began = max((activity["EndTime"] for activity in before), default=None)
    for activity in now:
        fresh = activity["ActivityId"] not in seen or (began is not None and activity["EndTime"] > began)
        if fresh and activity["StatusCode"] == "Failed":
            text = str(activity.get("StatusMessage", "it did not say why"))
            said = _REASON.match(text)
            return said["why"] if said else text
    return ""


def _suspended(clients: Clients, handle: Handle) -> str:
    """A group may be told not to heed its schedule."""
    stopped = sorted(_held(ending.group(clients, handle) or {}) & {"ScheduledActions", "Terminate"})
    return f"{' and '.join(stopped)} of {handle['group']} are suspended" if stopped else ""


def _held(found: Mapping[str, Any]) -> set[str]:
    """What a group has been told not to do by itself."""
    return {process["ProcessName"] for process in found.get("SuspendedProcesses") or ()}
