"""An Auto Scaling group: its settings, its members, and what it says about both. No behaviour.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AutoScalingGroup.html
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

WAITING = "Terminating:Wait"
HELD = ("Pending", "InService")  # what counts towards the desired capacity
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
_MOST_ACTIVITIES = 200


@dataclass
class Member:
    """One instance of a group; times are of the sandbox's clock.

    ``at_risk``: EC2 recommends to replace it. ``ends_at``: the group does so by itself, not before then.
    """

    instance: Any  # moto's
    kind: str
    zone: str
    spot: bool
    launched: float
    state: str = "Pending"
    wait_until: float | None = None
    token: str = ""
    at_risk: bool = False
    ends_at: float | None = None

    @property
    def id(self) -> str:
        """The instance's id."""
        return str(self.instance.id)

    @property
    def goes(self) -> bool:
        """Whether it ends when there are enough others."""
        return self.at_risk or self.ends_at is not None

    @property
    def runs(self) -> bool:
        """Whether EC2 has started it."""
        return str(self.instance.state) == "running"

    @property
    def stands(self) -> bool:
        """Whether EC2 still has it, and has not stopped it."""
        return str(self.instance.state) not in ("terminated", "shutting-down", "stopping", "stopped")


@dataclass
class Group:
    """``settings`` are the members of the API's request, in its names; the sizes stand apart."""

    name: str
    arn: str
    settings: dict[str, Any]
    minimum: int
    maximum: int
    desired: int
    created: float
    tags: list[dict[str, Any]] = field(default_factory=list)
    suspended: set[str] = field(default_factory=set)
    hooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    schedule: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)
    activities: list[dict[str, Any]] = field(default_factory=list)
    deleting: bool = False
    retry_at: float = 0.0

    @property
    def held(self) -> list[Member]:
        """The members that count towards the desired capacity."""
        return [member for member in self.members if member.state in HELD]

    @property
    def terminating_hook(self) -> dict[str, Any] | None:
        """The hook that holds members before their end; of several the first."""
        return next((hook for hook in self.hooks.values() if hook["LifecycleTransition"] == TERMINATING), None)

    @property
    def types(self) -> list[str]:
        """The instance types of the overrides in their order; none where the template's own counts."""
        policy = self.settings.get("MixedInstancesPolicy") or {}
        overrides = (policy.get("LaunchTemplate") or {}).get("Overrides") or []
        return [override["InstanceType"] for override in overrides if override.get("InstanceType")]

    @property
    def template(self) -> dict[str, Any]:
        """Which launch template: id or name, and version."""
        policy = self.settings.get("MixedInstancesPolicy") or {}
        mixed = (policy.get("LaunchTemplate") or {}).get("LaunchTemplateSpecification")
        found: dict[str, Any] = mixed or self.settings.get("LaunchTemplate") or {}
        return found

    @property
    def subnets(self) -> list[str]:
        """The subnets in their order."""
        return [one for one in str(self.settings.get("VPCZoneIdentifier") or "").split(",") if one]

    def next_is_spot(self) -> bool:
        """Whether one more instance would be a spot one."""
        return sum(not member.spot for member in self.held) >= self.on_demand_of(len(self.held) + 1)

    def on_demand_of(self, number: int) -> int:
        """How many of so many instances are to be on-demand ones, rounded up; all without a policy."""
        policy = self.settings.get("MixedInstancesPolicy")
        if not policy:
            return number
        distribution = policy.get("InstancesDistribution") or {}
        base = int(distribution.get("OnDemandBaseCapacity") or 0)
        percent = int(distribution.get("OnDemandPercentageAboveBaseCapacity", 100))
        return min(number, base) + math.ceil(max(0, number - base) * percent / 100)

    def propagated(self) -> dict[str, str]:
        """The tags that its instances get."""
        return {tag["Key"]: tag.get("Value", "") for tag in self.tags if tag.get("PropagateAtLaunch")}

    def note(self, now: float, description: str, cause: str, *, failure: str = "", **details: str) -> None:
        """Write a scaling activity down; one that failed like the one before it is not told twice."""
        code = "Failed" if failure else "Successful"
        latest = self.activities[0] if self.activities else {}
        if failure and latest.get("StatusMessage") == failure:
            latest["EndTime"] = at(now)
            return
        activity = {
            "ActivityId": secrets.token_hex(16),
            "AutoScalingGroupName": self.name,
            "AutoScalingGroupARN": self.arn,
            "Description": description,
            "Cause": f"At {at(now):%Y-%m-%dT%H:%M:%SZ} {cause}",
            "StartTime": at(now),
            "EndTime": at(now),
            "StatusCode": code,
            "Progress": 100,
            "Details": "{" + ", ".join(f'"{key}":"{value}"' for key, value in details.items()) + "}",
            **({"StatusMessage": failure} if failure else {}),
        }
        self.activities = [activity, *self.activities][:_MOST_ACTIVITIES]


def at(when: float) -> datetime:
    """Seconds since the epoch as the API tells times."""
    return datetime.fromtimestamp(when, UTC)


def described(group: Group, zones: list[str]) -> dict[str, Any]:
    """The group as DescribeAutoScalingGroups tells it."""
    defaults: dict[str, Any] = {
        "DefaultCooldown": 300, "HealthCheckType": "EC2", "HealthCheckGracePeriod": 0, "LoadBalancerNames": [],
        "TargetGroupARNs": [], "TerminationPolicies": ["Default"], "CapacityRebalance": False,
        "NewInstancesProtectedFromScaleIn": False, "EnabledMetrics": [],
    }  # fmt: skip
    return {
        **defaults,
        **group.settings,
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "AvailabilityZones": zones,
        "MinSize": group.minimum,
        "MaxSize": group.maximum,
        "DesiredCapacity": group.desired,
        "CreatedTime": at(group.created),
        "Instances": [told(group, member) for member in group.members],
        "SuspendedProcesses": [
            {"ProcessName": name, "SuspensionReason": "User suspended"} for name in sorted(group.suspended)
        ],
        "Tags": [{**tag, "ResourceId": group.name, "ResourceType": "auto-scaling-group"} for tag in group.tags],
        **({"Status": "Delete in progress"} if group.deleting else {}),
    }


def told(group: Group, member: Member) -> dict[str, Any]:
    """One member, as a group's description and DescribeAutoScalingInstances tell it."""
    return {
        "InstanceId": member.id,
        "InstanceType": member.kind,
        "AvailabilityZone": member.zone,
        "LifecycleState": member.state,
        "HealthStatus": "Healthy" if member.stands else "Unhealthy",
        "ProtectedFromScaleIn": bool(group.settings.get("NewInstancesProtectedFromScaleIn")),
        **({"LaunchTemplate": group.template} if group.template else {}),
    }
