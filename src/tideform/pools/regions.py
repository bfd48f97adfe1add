"""Whether the region has a pool's machines, and whether their price is known. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.diagnostics import Diagnostic, Severity
from tideform.pools.shape import PoolShape
from tideform.prices.regions import has, regions_with
from tideform.spec.problems import problem
from tideform.spec.training import Pool

_NAMED = 6  # regions in a message


def place_problems(path: str, pool: Pool, shape: PoolShape, region: str) -> Iterator[Diagnostic]:
    """Types that the region lacks or may lack, and types without a price. What is known has a date: AWS adds to it."""
    path = f"{path}.instance_types" if pool.instance_types else f"{path}.accelerator.name"
    lacking = [kind for kind in shape.instance_types if has(region, kind) is False]
    if lacking:
        where = regions_with(lacking[0])
        more = " and others" if len(where) > _NAMED else ""
        detail = (
            f"{region} had no {', '.join(lacking)} when AWS was asked last; {lacking[0]} is in "
            f"{', '.join(where[:_NAMED])}{more}."
        )
        fix = "Choose another type or region; where AWS has it by now, go on."
        yield problem("TD185", detail, fix=fix, path=path, severity=Severity.WARNING)
    if unsure := [kind for kind in shape.instance_types if has(region, kind) is None]:
        detail = f"It is not known whether {region} has {', '.join(unsure)}."
        fix = f"Ask: aws ec2 describe-instance-type-offerings --region {region}"
        yield problem("TD186", detail, fix=fix, path=path, severity=Severity.WARNING)
    for kind in shape.types:
        if not kind.priced:
            detail = (
                f"No price of {kind.name} is known. It is reckoned at {kind.on_demand_usd:,.2f} USD an hour, as dear "
                "as the dearest alike, so caps act too soon and not too late."
            )
            fix = "See AWS's price list, and bound a burst by max_cost and lease with that in mind."
            yield problem("TD184", detail, fix=fix, path=path, severity=Severity.WARNING)
