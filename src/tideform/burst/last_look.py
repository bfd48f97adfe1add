"""The look before the reaper goes: at pools of the spec, at those of the lease table, and at what no lease holds."""

from __future__ import annotations

from tideform.burst.ownerless import ownerless
from tideform.burst.receipt import Receipt, capacity_receipt
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.resources.inventory import Leftover
from tideform.spec.deployment import Deployment


def require_nothing_stands(cloud: Cloud, deployment: Deployment) -> None:
    """Raises `LeftoversError` (TD608, or TD616 where somebody did not answer) where anything of any pool stands.

    A pool that was taken out of the spec has the reaper alone to end what it left. Raises `CloudError`.
    """
    known = LeaseTable.of(cloud, deployment).look()  # with those whose item cannot be read: no receipt of them is empty
    for pool in sorted({*deployment.spec.training, *known}):
        capacity_receipt(cloud, deployment, pool).require_empty()
    found = tuple(
        Leftover(one.pool, one.kind, one.id, hourly_usd=one.hourly_usd, note=one.why)
        for one in ownerless(cloud, deployment)
    )
    Receipt(f"what no lease holds in {deployment.name}", found, asked=1).require_empty()
