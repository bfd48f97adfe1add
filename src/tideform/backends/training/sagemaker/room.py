"""The pool's bound over all bursts on SageMaker: each job brings machines of its own, and nothing there counts them.

How many a burst may have is written into its lease, under the condition that no lease has come or gone since the pool's
item was read. Machines of jobs whose lease is over count for as long as they are on their way out; those that are warm
count, too, and make way for jobs that do not take them up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tideform.backends.training.sagemaker.in_account.warm import leaving, make_way
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease
from tideform.burst.others import held_by
from tideform.burst.table import LeaseTable
from tideform.burst.waiting import Waiting
from tideform.cloud import Cloud
from tideform.reaper.base import Handle
from tideform.reaper.items import Item
from tideform.reaper.pools import Pools
from tideform.reaper.shares import machines, taken
from tideform.words import counted


@dataclass(frozen=True)
class Room:
    """``most`` machines for all bursts of a pool together; ``poll`` is how often to look, in seconds.

    What is waited for, and who holds it until when, is told now and then.
    """

    cloud: Cloud
    table: LeaseTable
    pool: str
    handle: Handle
    most: int
    poll: float

    def take(self, lease: Lease, nodes: int, at_once: int, halt: Halt) -> int:
        """How many jobs of ``nodes`` machines the lease may run at once: one at least, which is waited for.

        Raises `RefusedError` TD690 where the lease no longer holds, and what ends a burst that waits.
        """
        waiting = Waiting(halt.say, after=0.0)
        while True:
            self.table.claim(lease, self.cloud.clock())
            item = self.table.item(self.pool) or {"leases": {}}
            others = taken(item, lease.id) + leaving(self.cloud, self.handle, item)
            free = self.most - others
            jobs = min(at_once, max(free, 0) // nodes)
            if jobs and Pools(self.table.items).reserve(item, lease.id, jobs * nodes):
                return jobs
            if not jobs:
                waiting.on(self._waits(item, lease, others, nodes))
            halt.pause(self.poll)

    def clear(self, lease: Lease, wanted: Mapping[str, Any], halt: Halt) -> None:
        """Wait until no warm machines stand in the way of the job ``wanted`` of a lease that has its room."""
        waiting = Waiting(halt.say)
        while True:
            item = self.table.item(self.pool) or {"leases": {}}
            if make_way(self.cloud, self.handle, item, lease.id, self.most, wanted):
                return
            waiting.on(f"{self.pool}: machines that are kept warm, and that this job cannot take up, are let go.")
            halt.pause(self.poll)

    def _waits(self, item: Item, lease: Lease, others: int, wanted: int) -> str:
        """Leases that are over may still have machines: nobody holds those any more."""
        chosen = [key for key in item["leases"] if key != lease.id and machines(item, key)]
        holders = held_by((str(item["leases"][key]["owner"]), int(item["leases"][key]["deadline"])) for key in chosen)
        have = f"others have {others} of its {counted(self.most, 'machine')}{f' ({holders})' if holders else ''}"
        return f"{self.pool}: {have}, and this job wants {wanted}: it waits for them to end, within its lease."
