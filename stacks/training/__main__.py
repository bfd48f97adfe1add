"""Training: one pool, built by the backend that the spec names, and empty until a burst.

foundation's network and key ──┐
                               ├── the backend's pool
storage's buckets ─────────────┘
"""

import pulumi

from tideform.components.program import deployment, provider, unit
from tideform.components.scope import Scope
from tideform.components.site import Site
from tideform.pools.applied_with import APPLIED_WITH, applied_with
from tideform.registry.training import PoolOrder, backends

target = deployment()
name = unit()
pool = target.spec.training[name]

order = PoolOrder(
    name=name,
    pool=pool,
    scope=Scope(target, "training", target.identity("training", name)),
    site=Site.of_foundation(),
    opts=pulumi.ResourceOptions(provider=provider(target)),
)
for output, value in backends()[pool.backend].build(order).items():
    pulumi.export(output, value)
pulumi.export(APPLIED_WITH, applied_with(target, name))  # what a burst takes as it stands, and not from the spec
