"""Which member Auto Scaling replaces by itself: one bought otherwise than asked, or one in the fuller of two zones.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html
https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html (rebalancing)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tideform_sandbox.services.autoscaling.group import Group, Member

PACE = 5.0  # seconds between a launch and the end of the one that it replaces
_UNEVEN = 2  # members that one zone has more than another, where a move makes it better
_STOPS = {"Launch", "Terminate"}


@dataclass(frozen=True)
class Replacement:
    """``member`` goes once another one is there, which comes to ``zone`` alone where one is named."""

    member: Member
    zone: str
    cause: str


def next_of(group: Group, zones: Sequence[str]) -> Replacement | None:
    """The next one; none of a group that still grows, shrinks or replaces, or that may not."""
    steady = len(group.held) == group.desired and all(m.state == "InService" and not m.goes for m in group.held)
    if not steady or _STOPS & group.suspended:
        return None
    return _bought_otherwise(group) or _unevenly_placed(group, zones)


def due(group: Group, now: float) -> list[Member]:
    """Those that go, and whose time has come."""
    return [member for member in group.held if member.goes and (member.ends_at or 0.0) <= now]


def _bought_otherwise(group: Group) -> Replacement | None:
    spot = [member for member in group.held if member.spot]
    on_demand = [member for member in group.held if not member.spot]
    wanted = group.on_demand_of(group.desired)
    too_many = on_demand if len(on_demand) > wanted else spot if len(on_demand) < wanted else []
    cause = "instances of another purchase option than the distribution of the group asks for"
    return Replacement(min(too_many, key=_age), "", cause) if too_many else None


def _unevenly_placed(group: Group, zones: Sequence[str]) -> Replacement | None:
    if "AZRebalance" in group.suspended or not zones:
        return None
    counted = Counter(member.zone for member in group.held)
    emptiest, fullest = min(zones, key=lambda zone: counted[zone]), max(zones, key=lambda zone: counted[zone])
    if counted[fullest] - counted[emptiest] < _UNEVEN:
        return None
    member = min((one for one in group.held if one.zone == fullest), key=_age)
    return Replacement(member, emptiest, "an availability zone rebalancing")


def _age(member: Member) -> float:
    return member.launched
