"""What a pool is doing now: its leases, its instances, its jobs, and about what it has cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tideform.burst.lease import PoolRecord
from tideform.burst.reaper.endings import ending
from tideform.burst.reaper.ledger import Ledger
from tideform.burst.reaper.meter import count
from tideform.burst.reaper.prices import SpotPrices, price_of
from tideform.burst.reaper.reserved import Reservation
from tideform.burst.reservations import idle_reservations
from tideform.burst.runner import Instance, Job, Runner, cloud_errors, runner_for
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.errors import CloudError
from tideform.spec.deployment import Deployment


@dataclass(frozen=True)
class PoolStatus:
    """One pool at one moment; ``at`` is in seconds since the epoch.

    ``usd`` is what the leases that hold it have cost so far, ``idle`` the reservations that stand unused. ``unasked``
    tells why machines and jobs could not be asked for; empty where they could.
    """

    record: PoolRecord
    instances: tuple[Instance, ...]
    jobs: tuple[Job, ...]
    usd: Decimal
    at: float
    idle: tuple[Reservation, ...] = ()
    unasked: str = ""

    @property
    def unheld(self) -> bool:
        """Whether there is capacity without a lease: the work of a crash, or of somebody else."""
        return bool(self.instances) and not self.record.leases


def pool_status(cloud: Cloud, deployment: Deployment, pool: str, now: float) -> PoolStatus:
    """Ask the table and the services; what runs is told as far as they answer, the leases always."""
    spec = deployment.spec.training[pool]
    runner = runner_for(cloud, deployment, pool, spec.backend)
    table = LeaseTable.of(cloud, deployment)
    idle = idle_reservations(cloud, spec.capacity.reserved)
    record, (instances, jobs, unasked) = table.get(pool), _running(runner)
    return PoolStatus(record, instances, jobs, _spent(table, pool, now), now, idle, unasked)


def _running(runner: Runner) -> tuple[tuple[Instance, ...], tuple[Job, ...], str]:
    try:
        return runner.capacity(), runner.jobs(), ""
    except CloudError as refused:
        return (), (), "; ".join(each.detail for each in refused.diagnostics)


def _spent(table: LeaseTable, pool: str, now: float) -> Decimal:
    """Counted as the meter counts, and not written: who only looks needs no right to change anything."""
    with cloud_errors(f"the cost of {pool} was counted"):
        name = table.identity(pool)
        item = table.item(pool) or {}
        if not item.get("leases"):
            return Decimal(0)
        handle, spot = item.get("handle") or {}, SpotPrices(table.cloud)
        nodes = tuple(ending(handle["backend"]).nodes(table.cloud, handle)) if handle else ()
        price = price_of(item.get("prices") or {}, spot.of(nodes))
        account = count(Ledger(table.items, spot).read(name), nodes, item["leases"], item["ended"], price, now)
        return Decimal(str(round(sum(account.leases[lease].usd for lease in item["leases"]), 6)))
