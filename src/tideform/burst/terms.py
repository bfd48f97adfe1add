"""What a lease tells every brake about its pool: how it is ended, and what its machines cost."""

from __future__ import annotations

from tideform.burst.table import Terms
from tideform.pools.shape import shape_of
from tideform.registry.training import backends
from tideform.spec.deployment import Deployment


def terms_of(deployment: Deployment, pool: str) -> Terms:
    """For a pool of the spec; prices are on demand, in USD an hour, of every type that the pool may use."""
    spec = deployment.spec.training[pool]
    return Terms(
        handle=backends()[spec.backend].handle(deployment, pool),
        prices={kind.name: kind.on_demand_usd for kind in shape_of(spec).types},
    )
