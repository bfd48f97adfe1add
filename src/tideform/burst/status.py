"""What a pool is doing now: its leases, its instances, its jobs, and about what it has cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tideform.burst.lease import Lease, PoolRecord, State
from tideform.burst.reservations import IDLE, idle_reservations
from tideform.burst.runner import Instance, Job, Runner, cloud_errors, runner_for
from tideform.burst.table import LeaseTable
from tideform.burst.table_errors import UnreadableError
from tideform.cloud import Cloud
from tideform.errors import CloudError
from tideform.prices.book import book
from tideform.reaper.base import Handle
from tideform.reaper.endings import ending
from tideform.reaper.instances import standing
from tideform.reaper.items import Item
from tideform.reaper.ledger import Ledger
from tideform.reaper.meter import Account, count
from tideform.reaper.prices import SpotPrices, price_of
from tideform.reaper.reserved import Reservation
from tideform.registry.training import backends
from tideform.spec.deployment import Deployment
from tideform.unasked import Broken, Unasked, ask, reason

LEASES: Final = "leases"
MACHINES: Final = "machines"  # parts of a pool that may give no answer
JOBS: Final = "jobs"
COST: Final = "cost"

_NOTHING: tuple[Decimal | None, tuple[str, ...]] = (None, ())  # no sum, and no type that is left out of it
_NOT_COUNTED: tuple[tuple[Decimal | None, tuple[str, ...]], tuple[Unasked, ...]] = (_NOTHING, ())


@dataclass(frozen=True)
class PoolStatus:
    """One pool at one moment; ``at`` is in seconds since the epoch.

    ``usd`` is what the leases that hold it have cost so far, without machines of ``unpriced`` types, None where that
    could not be counted; ``idle`` are the reservations that stand unused. Of a part that is ``unasked`` there may be
    more than is told; the `Broken` among those is a record that cannot be read.
    """

    record: PoolRecord
    instances: tuple[Instance, ...]
    jobs: tuple[Job, ...]
    usd: Decimal | None
    at: float
    idle: tuple[Reservation, ...] = ()
    unasked: tuple[Unasked, ...] = ()
    unpriced: tuple[str, ...] = ()

    @property
    def unheld(self) -> bool:
        """Whether there is capacity without a lease: the work of a crash, or of somebody else."""
        return bool(self.instances) and self.asked(LEASES) and not self.record.leases

    @property
    def state(self) -> State | None:
        """The record's state; None where nobody could tell."""
        return self.record.state if self.asked(LEASES) else None

    @property
    def leases(self) -> tuple[Lease, ...] | None:
        """Who holds it; None where nobody could tell."""
        return self.record.leases if self.asked(LEASES) else None

    def asked(self, part: str) -> bool:
        """Whether all of the part is told."""
        return all(one.what != part for one in self.unasked)

    @property
    def machines(self) -> tuple[Instance, ...] | None:
        """The instances; None where nobody could tell of any."""
        return self.instances if self.instances or self.asked(MACHINES) else None

    @property
    def hourly_usd(self) -> Decimal | None:
        """What an hour of the machines that are told costs at list price; None where nobody could tell of any."""
        if self.machines is None:
            return None
        known = (book().known(node.type) for node in self.machines)
        return sum((Decimal(str(kind.on_demand_usd)) for kind in known if kind is not None), Decimal(0))

    @property
    def work(self) -> tuple[Job, ...] | None:
        """The jobs; None where nobody could tell of any."""
        return self.jobs if self.jobs or self.asked(JOBS) else None


def pool_status(cloud: Cloud, deployment: Deployment, pool: str, now: float) -> PoolStatus:
    """Ask the table and the services; what one of them refuses hides nothing of the others.

    Raises `NoTableError` TD601 where foundation is not applied.
    """
    spec = deployment.spec.training[pool]
    runner = runner_for(cloud, deployment, pool)
    table = LeaseTable.of(cloud, deployment)
    record, unheard = _record(table, pool)
    instances, blind = _machines(cloud, runner, backends()[spec.backend].handle(deployment, pool))
    jobs, deaf = ask(JOBS, runner.jobs, tuple[Job, ...]())
    (usd, unpriced), uncounted = _NOT_COUNTED if unheard else ask(COST, lambda: _spent(table, pool, now), _NOTHING)
    unused = tuple[Reservation, ...]()
    idle, unseen = ask(IDLE, lambda: idle_reservations(cloud, spec.capacity.reserved), unused)
    unasked = (*unheard, *blind, *deaf, *uncounted, *unseen)
    return PoolStatus(record, instances, jobs, usd, now, idle, unasked, unpriced)


def _record(table: LeaseTable, pool: str) -> tuple[PoolRecord, tuple[Unasked, ...]]:
    try:
        return table.get(pool), ()
    except UnreadableError as broken:
        return PoolRecord(pool), (Broken(LEASES, reason(broken)),)
    except CloudError as refused:
        return PoolRecord(pool), (Unasked(LEASES, reason(refused)),)


def _machines(cloud: Cloud, runner: Runner, handle: Handle) -> tuple[tuple[Instance, ...], tuple[Unasked, ...]]:
    """What the backend tells; where it does not answer, the machines that EC2 knows by their tags, if that does."""
    none = tuple[Instance, ...]()
    told, refused = ask(MACHINES, runner.capacity, none)
    if not refused:
        return told, ()
    return ask(MACHINES, lambda: _by_tag(cloud, handle), none)[0], refused


def _by_tag(cloud: Cloud, handle: Handle) -> tuple[Instance, ...]:
    with cloud_errors("machines were looked for by their tags"):
        found = standing(ending(handle["backend"]).nodes(cloud, handle))
        return tuple(Instance(n.id, n.type, n.state, n.spot, n.launched, n.reservation) for n in found)


def _spent(table: LeaseTable, pool: str, now: float) -> tuple[Decimal | None, tuple[str, ...]]:
    """USD, and the types of machines that are not in it."""
    item = table.item(pool) or {}
    if not item.get("leases"):
        return Decimal(0), ()
    account = account_now(table, pool, item, now)
    counted = [account.leases[lease].usd for lease in item["leases"] if lease in account.leases]  # else: not yet
    return Decimal(str(round(sum(counted), 6))), account.missing(*item["leases"])


def account_now(table: LeaseTable, pool: str, item: Item, now: float) -> Account:
    """The pool's account as of ``now``, from its ``item``, which was read after that.

    Where no lease holds it, as it was written. Counted as the meter counts, and not written: who only looks needs no
    right to change anything.
    """
    spot = SpotPrices(table.cloud)
    with cloud_errors(f"the cost of {pool} was counted"):
        account = Ledger(table.items, spot).read(table.identity(pool))
        handle, leases = item.get("handle") or {}, item.get("leases") or {}
        if not (leases or item.get("ended")) or not handle:
            return account
        nodes = tuple(ending(handle["backend"]).nodes(table.cloud, handle))
        price = price_of(item.get("prices") or {}, spot.of(nodes))
        return count(account, nodes, leases, item.get("ended") or {}, price, now)
