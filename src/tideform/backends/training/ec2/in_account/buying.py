"""How a group buys its machines, which is not changed while machines stand that others have brought.

'An update to this setting means a gradual replacement of instances': Auto Scaling would take machines from under the
jobs on them, and puts others in the place of those that are bought otherwise than the group buys now.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-autoscaling-autoscalinggroup-instancesdistribution.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tideform.backends.training.ec2.in_account import ending
from tideform.reaper import instances
from tideform.reaper.base import Clients, Handle

PERCENT = "OnDemandPercentageAboveBaseCapacity"
_SPOT, _ON_DEMAND = 0, 100  # the percentages that bursts ask for; what is reserved is of on-demand machines
_GOES = ("Terminating", "Terminated", "Detach")


@dataclass(frozen=True)
class Bound:
    """What the ladder is bound to while it is climbed: the ``percent`` of a group whose machines stand, or nothing."""

    percent: int | None = None

    def takes(self, kind: str) -> bool:
        """Whether a rung that buys as ``spot``, ``on-demand`` or out of a reservation may be tried."""
        return self.percent in (None, percent_for(kind))

    @property
    def why(self) -> str:
        """Why the other rungs are not tried."""
        ways = {_SPOT: "spot", _ON_DEMAND: "on-demand or reserved"}
        way = ways.get(self.percent or 0, f"on-demand by {self.percent} %")
        return f"what stands was bought as {way}, and nothing else is bought beside it until that is over"


def bound(clients: Clients, handle: Handle) -> Bound:
    """To be asked once, before the first rung: what comes later counts as brought by the climb itself."""
    found = ending.group(clients, handle)
    members = found["Instances"] if found else []
    if found is None or all(one["LifecycleState"].startswith(_GOES) for one in members):
        return Bound()
    return Bound(percent_of(found))


def percent_for(kind: str) -> int:
    """The percentage of on-demand machines with which a group buys in this way."""
    return _SPOT if kind == "spot" else _ON_DEMAND


def percent_of(found: Mapping[str, Any]) -> int:
    """The percentage that a group has."""
    return int(distribution(found).get(PERCENT, _ON_DEMAND))


def distribution(found: Mapping[str, Any]) -> dict[str, Any]:
    """The whole of what a group says of its ways of buying; empty where it says nothing."""
    policy = found.get("MixedInstancesPolicy") or {}
    return dict(policy.get("InstancesDistribution") or {})


def staying(clients: Clients, found: Mapping[str, Any], ids: Iterable[str]) -> list[str]:
    """Those of a group's machines that it does not replace: bought as it buys now. In order."""
    there, percent = sorted(ids), percent_of(found)
    if not there or not distribution(found) or percent not in (_SPOT, _ON_DEMAND):
        return there
    told = instances.described(clients, [{"Name": "instance-id", "Values": there}])
    spot = {node.id for node in map(instances.node_of, told) if node.spot}
    return [one for one in there if (one in spot) is (percent == _SPOT)]
