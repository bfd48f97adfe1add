"""What a round of the reaper asks of AWS grows with the pools that are held, and not with their leases."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.unit.burst.conftest import NOW, lease_of
from tideform.burst.table import LeaseTable, Terms
from tideform.cloud import Cloud
from tideform.reaper.settings import Settings
from tideform.reaper.sweep import Round
from tideform.spec.deployment import Deployment


@dataclass
class Counting:
    """Clients that count the requests that are made of them."""

    cloud: Cloud
    requests: Counter[str] = field(default_factory=Counter)

    def client(self, service: str) -> Any:
        outer, inner = self, self.cloud.client(service)

        class Client:
            def __getattr__(self, name: str) -> Any:
                outer.requests[name] += 1
                return getattr(inner, name)

        return Client()


def requests(table: LeaseTable, deployment: Deployment, pools: int, leases: int) -> Counter[str]:
    """Of one round in which everybody is within their limits."""
    tags = {"tideform:project": "demo", "tideform:environment": "dev", "tideform:unit": "fit"}
    for pool in range(pools):
        for number in range(leases):
            made = replace(lease_of(deployment), id=f"{pool}-{number}", pool=f"pool-{pool}")
            table.acquire(made, Terms({"backend": "batch", "pool": made.pool, "tags": tags, "job_queue": "none"}, {}))
    counting = Counting(table.cloud)
    Round(counting, Settings(table.name, "demo", "dev"), clock=lambda: NOW, spare=lambda: 0.0).run()
    return counting.requests


@pytest.mark.parametrize(("pools", "leases"), [(2, 1), (4, 1), (2, 10)])
def test_a_round_takes_three_requests_a_pool_and_five_for_itself(
    pools: int, leases: int, table: LeaseTable, deployment: Deployment
) -> None:
    assert requests(table, deployment, pools, leases).total() == 3 * pools + 5
