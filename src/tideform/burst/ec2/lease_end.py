"""The group's own end: a scheduled action that takes it to zero at the deadline, whoever is alive then.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tideform.burst.brakes import Brake, Kind
from tideform.burst.reaper.base import Handle
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.spec.deployment import Deployment

_ZERO = {"MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0}


@dataclass(frozen=True)
class LeaseEnd:
    """The scheduled action of one pool; it stands at the latest deadline of all its leases."""

    cloud: Cloud
    deployment: Deployment
    pool: str
    handle: Handle

    def brake(self) -> Brake:
        """Terminal: it needs nobody, and nothing of ours."""
        text = "Auto Scaling takes the group to zero at the latest deadline of its leases"
        return Brake("scheduled action", Kind.TERMINAL, text, self.missing)

    def missing(self) -> str:
        """Why the group would not end by itself, after the action was put in its place; empty if it will."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return self.put()
        except (BotoCoreError, ClientError) as error:
            return f"the scheduled action of {self.handle['group']} cannot be put: {error}"

    def put(self, at_least: int = 0) -> str:
        """Let the group end when its last lease does, or at ``at_least``; what is wrong with that, read back."""
        when = datetime.fromtimestamp(max(self._latest(), at_least), UTC).replace(microsecond=0)
        found = self.found()
        if found is None or found.get("StartTime") != when:
            asg = self.cloud.client("autoscaling")
            asg.put_scheduled_update_group_action(
                AutoScalingGroupName=self.handle["group"],
                ScheduledActionName=self.handle["schedule"],
                StartTime=when,
                **_ZERO,
            )
            found = self.found()
        if found is None:
            return f"the scheduled action of {self.handle['group']} is not there after it was put"
        if found.get("StartTime") != when or any(found.get(size) != 0 for size in _ZERO):
            return f"the scheduled action of {self.handle['group']} is another than the one that was put"
        return self._suspended()

    def found(self) -> dict[str, Any] | None:
        """The action as it stands."""
        names = {"AutoScalingGroupName": self.handle["group"], "ScheduledActionNames": [self.handle["schedule"]]}
        actions: list[dict[str, Any]] = self.cloud.client("autoscaling").describe_scheduled_actions(**names)[
            "ScheduledUpdateGroupActions"
        ]
        return actions[0] if actions else None

    def _suspended(self) -> str:
        """A group may be told not to heed its schedule."""
        asg, name = self.cloud.client("autoscaling"), self.handle["group"]
        for group in asg.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]:
            held = {process["ProcessName"] for process in group["SuspendedProcesses"]}
            if stopped := sorted(held & {"ScheduledActions", "Terminate"}):
                return f"{' and '.join(stopped)} of {name} are suspended"
        return ""

    def _latest(self) -> int:
        """The latest deadline; without a lease, as late as one could be."""
        leases = LeaseTable.of(self.cloud, self.deployment).get(self.pool).leases
        pool = self.deployment.spec.training[self.pool]
        return max((lease.deadline for lease in leases), default=int(self.cloud.clock()) + pool.lease.seconds)
