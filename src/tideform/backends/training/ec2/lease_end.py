"""The group's own end: a scheduled action that takes it to zero at the deadline, whoever is alive then.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
"""

from __future__ import annotations

from dataclasses import dataclass

from tideform.backends.training.ec2.in_account import group
from tideform.burst.brakes import Brake, Kind
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.reaper.base import Handle
from tideform.spec.deployment import Deployment


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
        return Brake("scheduled action", Kind.TERMINAL, text, self.missing, of_pool=True)

    def missing(self) -> str:
        """Why the group would not end by itself, after the action was put in its place; empty if it will."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return self.put()
        except (BotoCoreError, ClientError) as error:
            return f"the scheduled action of {self.handle['group']} cannot be put: {error}"

    def put(self, at_least: int = 0) -> str:
        """Let the group end when its last lease does, or at ``at_least``; what is wrong with that, read back."""
        return group.put_end(self.cloud, self.handle, max(self._latest(), at_least))

    def _latest(self) -> int:
        """The latest deadline; without a lease, as late as one could be."""
        leases = LeaseTable.of(self.cloud, self.deployment).get(self.pool).leases
        pool = self.deployment.spec.training[self.pool]
        return max((lease.deadline for lease in leases), default=int(self.cloud.clock()) + pool.lease.seconds)
