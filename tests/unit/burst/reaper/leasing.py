"""Leases of real pools in the sandbox's table, and rounds of the reaper at times that tests choose."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.unit.burst.reaper.conftest import Reaped
from tideform.burst.lease import Lease, Mode, PoolRecord
from tideform.burst.table import LeaseTable, Terms
from tideform.cloud import Cloud
from tideform.process import Process
from tideform.reaper.settings import Settings
from tideform.reaper.sweep import Round

HOUR = 3600


def make_table(cloud: Cloud, name: str) -> LeaseTable:
    """An empty lease table, as foundation makes it."""
    cloud.client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return LeaseTable(cloud, name)


@dataclass
class Bursts:
    """Bursts in one table, from ``began`` on."""

    table: LeaseTable
    began: float
    budget_usd: float | None = None
    topic: str = ""
    spare: float = 30.0
    planned: tuple[Reaped, ...] = ()  # the pools of the spec

    def begin(self, pool: Reaped, owner: str = "ann", **changes: Any) -> Lease:
        """A burst of an hour with two machines, up."""
        name = pool.handle["pool"]
        lease = Lease(
            id=f"{owner}{time.monotonic_ns()}",
            pool=name,
            owner=owner,
            process=Process(1, "elsewhere", "boot", "namespace", 1),
            mode=Mode.UP,
            created=int(self.began),
            deadline=int(self.began) + HOUR,
            cap_usd=None,
            detached=True,
        )
        lease = replace(lease, **changes)
        self.table.acquire(lease, Terms(pool.handle, {"c5.large": 0.085}))
        if not pool.standing():
            self.table.starting(lease)
            pool.raise_to(4)
        self.table.up(lease)
        return lease

    def reap(self, later: float, *, waiting: Callable[[], object] = lambda: True) -> Mapping[str, Any]:
        """One round, so many seconds after the beginning; it has time for what is not gone yet while ``waiting``."""
        began, until = time.monotonic(), time.monotonic() + self.spare
        handles = {pool.handle["pool"]: pool.handle for pool in self.planned}
        settings = Settings(self.table.name, "demo", "dev", self.budget_usd, self.topic, handles=handles)
        return Round(
            self.table.cloud,
            settings,
            clock=lambda: self.began + later + time.monotonic() - began,
            spare=lambda: until - time.monotonic() if waiting() else 0.0,
        ).run()

    def record(self, pool: Reaped) -> PoolRecord:
        return self.table.get(pool.handle["pool"])
