"""What a burst has cost, by the pool's account in the lease table, which the reaper writes as well.

On-demand machines count at the list price of the book, spot ones at the market's. Disks, data transfer and a service's
own fees are not in it. The bill is the account's, not ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tideform.burst.halt import Limit, limit_reached
from tideform.burst.lease import Lease
from tideform.burst.runner import cloud_errors
from tideform.burst.table import LeaseTable, Terms
from tideform.burst.table_errors import telling_no_table
from tideform.errors import CloudError
from tideform.reaper.base import Node
from tideform.reaper.ledger import Ledger
from tideform.reaper.meter import Account, Hold

_CENT = Decimal("0.01")
_FRESH = 15.0  # seconds; with many bursts on one pool, one of them counts for all


@dataclass
class Meter:
    """One lease's part of its pool's account, as of the last look."""

    table: LeaseTable
    ledger: Ledger
    lease: Lease
    terms: Terms
    nodes: Callable[[], Sequence[Node]]
    _account: Account = field(default_factory=Account, init=False)
    _counted: bool = field(default=False, init=False)  # at the last look

    def look(self, now: float, *, fresh: bool = True) -> None:
        """Count up to ``now``; unless it has to be fresh, a count of a few seconds ago is good enough.

        Raises `CloudError` where a service refuses, `NoTableError` where there is no table any more.
        """
        pool, self._counted = self.table.identity(self.lease.pool), False
        with cloud_errors(f"the cost of {self.lease.pool} was counted"):
            if not fresh:
                with telling_no_table(self.table.name):
                    self._account = self.ledger.read(pool)
            if fresh or self._account.at < now - _FRESH:
                nodes = self.nodes()
                with telling_no_table(self.table.name):
                    self._account = self.ledger.tick(pool, nodes, self.terms.prices, now)
        self._counted = True

    @property
    def instance_seconds(self) -> float:
        """All instances together; where several leases held the pool, this one's part."""
        return self._hold.seconds

    @property
    def usd(self) -> Decimal:
        """Types without a price count nothing (`unpriced` names them)."""
        return Decimal(str(round(self._hold.usd, 6)))

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Types of this lease's instances that were counted without a price."""
        return self._account.missing(self.lease.id)

    def words(self) -> str:
        """One line for people."""
        if not (counted := self._account.counted(self.lease.id)):
            none = "nothing that was counted: no instance was seen"
            return none if self._counted else "not known: nobody could count it"
        types = ", ".join(counted)
        known = f"at least {self.usd.quantize(_CENT)} USD" if self.unpriced else shown(self.usd)
        line = f"{known} ({self.instance_seconds:.0f} instance-seconds of {types}; on demand at list price,"
        line += " spot at the market's; disks and data transfer not counted)"
        return line + (f"; no price is known for {', '.join(self.unpriced)}" if self.unpriced else "")

    @property
    def _hold(self) -> Hold:
        return self._account.leases.get(self.lease.id, Hold(self.lease.owner, self.lease.created))


def spending_limit(meter: Meter, lease: Lease, clock: Callable[[], float], hourly: float) -> Limit:
    """A limit for `Halt`: raises `RefusedError` TD607 at the lease's cap, `CloudError` where nobody can count.

    Uncounted, the whole pool (``hourly`` USD) is taken to run since the burst began: that is never less.
    """
    cap = lease.cap_usd

    def limit() -> None:
        try:
            meter.look(clock(), fresh=False)
        except CloudError:
            if cap is not None and hourly * (clock() - lease.created) / 3600 >= cap:
                raise limit_reached(f"its spend cap of {cap} USD may be used up, and nobody can count") from None
            raise
        if cap is not None and meter.usd >= cap:
            raise limit_reached(f"its spend cap of {cap} USD is used up")

    return limit


def shown(usd: Decimal) -> str:
    """Money as people read it: never a false zero."""
    return "less than 0.01 USD" if 0 < usd < _CENT else f"about {usd.quantize(_CENT)} USD"
