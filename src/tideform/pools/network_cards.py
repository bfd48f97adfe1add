"""How many network adapters for EFA a machine can have, as many as it has network cards. Pure.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-acc-inst-types.html
"""

from __future__ import annotations

from tideform.pools.shape import PoolShape
from tideform.prices.book import InstanceType

# Machines with more network cards than one that take EFA; every other type that can have an adapter can have one.
_CARDS = {
    "g6e.24xlarge": 2, "g6e.48xlarge": 4, "g7.48xlarge": 2, "g7e.24xlarge": 2, "g7e.48xlarge": 4,
    "p4d.24xlarge": 4, "p4de.24xlarge": 4, "p5.48xlarge": 32, "p5e.48xlarge": 32, "p5en.48xlarge": 16,
    "p6-b200.48xlarge": 8, "p6-b300.48xlarge": 16, "trn1.32xlarge": 8, "trn1n.32xlarge": 16,
}  # fmt: skip


def cards(shape: PoolShape) -> int:
    """How many adapters each machine of the pool gets: as many as every one of its types can have."""
    return min(cards_of(t) for t in shape.types)


def cards_of(kind: InstanceType) -> int:
    """How many adapters a type that takes EFA can have: its ``MaximumEfaInterfaces``."""
    return _CARDS.get(kind.name, 1)
