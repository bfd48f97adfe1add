"""The subnets that a pool's machines may start in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from tideform.pools.purchase import pool_zones
from tideform.pools.zones import in_one_zone, zone_names
from tideform.registry.training import PoolOrder


def pool_subnets(order: PoolOrder) -> pulumi.Input[Sequence[pulumi.Input[str]]]:
    """Those of the pool's zones; foundation exports its subnets in the order of the network's zones."""
    deployment, pool = order.scope.deployment, order.pool
    wanted = pool_zones(pool, deployment)
    zones = zone_names(deployment)
    if list(wanted) == zones or not (wanted or in_one_zone(pool)):
        return order.site.subnet_ids  # all of them; a plan can tell how many although it knows none

    def chosen(subnets: Sequence[str]) -> list[str]:
        if not wanted:  # an existing network: its subnets' zones are not known here
            return list(subnets[:1] if in_one_zone(pool) else subnets)
        return [subnet for subnet, zone in zip(subnets, zones, strict=False) if zone in wanted]

    known: pulumi.Output[Any] = pulumi.Output.from_input(order.site.subnet_ids)
    return known.apply(chosen)
