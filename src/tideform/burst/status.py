"""What a pool is doing now: its leases, its instances, its jobs, and about what it has cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tideform.burst.lease import PoolRecord
from tideform.burst.meter import Meter
from tideform.burst.runner import Instance, Job, runner_for
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.prices.book import book
from tideform.spec.deployment import Deployment


@dataclass(frozen=True)
class PoolStatus:
    """One pool at one moment; ``at`` is in seconds since the epoch.

    ``usd`` is the cost of the instances that are there, since each was launched.
    """

    record: PoolRecord
    instances: tuple[Instance, ...]
    jobs: tuple[Job, ...]
    usd: Decimal
    at: float

    @property
    def unheld(self) -> bool:
        """Whether there is capacity without a lease: the work of a crash, or of somebody else."""
        return bool(self.instances) and not self.record.leases


def pool_status(cloud: Cloud, deployment: Deployment, pool: str, now: float) -> PoolStatus:
    """Ask the table and the services."""
    runner = runner_for(cloud, deployment, pool, deployment.spec.training[pool].backend)
    instances = runner.capacity()
    meter = Meter(book(), began=0.0)
    meter.observe(instances, now)
    return PoolStatus(LeaseTable.of(cloud, deployment).get(pool), instances, runner.jobs(), meter.usd, now)
