"""What a plan costs: a price line for whatever is paid for, by the hour or by use.

Pure: planned resources and what their types cost (`tideform.resources`) in, lines out. An unknown price is a line
without an amount and with a note, never zero in silence. What costs nothing (roles, rules, subnets) has no line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from tideform.diagnostics import Diagnostic, Severity
from tideform.model.planned import PlannedResource, PriceLine
from tideform.pools.worst_case import worst_case
from tideform.prices.book import HOURS_A_MONTH, book
from tideform.resources.costs import NOT_IN_THE_BOOK, Cost, Planned
from tideform.resources.registry import type_of
from tideform.spec.deployment import Deployment

__all__ = ["cost_findings", "price", "standing_hourly", "worst_case"]


def price(resources: Sequence[PlannedResource], deployment: Deployment) -> tuple[PriceLine, ...]:
    """The price lines of what will be there after the apply, in the order of the resources."""
    lines: list[PriceLine] = []
    pools: set[str] = set()
    for resource in (each for each in resources if each.after is not None):
        kind = type_of(resource.type)
        if kind is None:
            lines += _not_known(resource)
        elif not kind.cost.during_bursts:
            lines += _lines(resource, kind.cost, deployment)
        elif resource.program not in pools:  # a pool has several environments, and one limit for all of them
            pools.add(resource.program)
            lines += _burst(resource, deployment)
    return tuple(lines)


def standing_hourly(lines: Sequence[PriceLine], deployment: Deployment) -> float:
    """USD an hour between bursts: everything but the pools that are there during a burst only."""
    asleep = tuple(f"{program}." for program in _asleep(deployment))
    return sum(p.hourly for p in lines if p.hourly is not None and not p.address.startswith(asleep))


def _asleep(deployment: Deployment) -> Iterator[str]:
    return (f"training/{name}" for name, p in deployment.spec.training.items() if p.between_bursts == "remove")


def cost_findings(lines: Sequence[PriceLine], deployment: Deployment) -> tuple[Diagnostic, ...]:
    """What is wrong with the budget, and what the prices do not say."""
    return (*_budget(lines, deployment), *_region(lines, deployment))


def _budget(lines: Sequence[PriceLine], deployment: Deployment) -> Iterator[Diagnostic]:
    budget = deployment.spec.budget
    monthly = Decimal(standing_hourly(lines, deployment) * HOURS_A_MONTH)
    if budget is None or monthly <= budget.monthly.usd:
        return
    yield Diagnostic(
        "TD340",
        Severity.ERROR if budget.hard_stop else Severity.WARNING,
        "The budget is below what stands between bursts",
        detail=f"{budget.monthly} a month are budgeted, and {monthly:,.2f} USD a month are spent without any burst",
        fix="raise budget.monthly, or declare less that stands all the time",
        path="budget.monthly",
    )


def _region(lines: Sequence[PriceLine], deployment: Deployment) -> Iterator[Diagnostic]:
    note = book().note_for(deployment.region)
    if note and lines:
        yield Diagnostic("TD342", Severity.NOTE, "Prices are those of another region", detail=note, path="region")


def _lines(resource: PlannedResource, cost: Cost, deployment: Deployment) -> Iterator[PriceLine]:
    planned = Planned(resource.after or {}, deployment, _unit(resource))
    for found in cost.prices(planned):
        yield PriceLine(resource.address, found.item, found.hourly, found.note, missing=found.missing)


def _not_known(resource: PlannedResource) -> Iterator[PriceLine]:
    """Pulumi's own resources are nothing that is paid for."""
    if resource.type.startswith("aws:"):
        yield PriceLine(resource.address, resource.type, None, NOT_IN_THE_BOOK, missing=True)


def _burst(resource: PlannedResource, deployment: Deployment) -> Iterator[PriceLine]:
    name = _unit(resource)
    pool = deployment.spec.training.get(name)
    if pool is None:
        yield PriceLine(resource.address, "capacity of a pool that the spec no longer names", None)
        return
    worst = worst_case(name, deployment)
    exists_only_then = pool.between_bursts == "remove" and worst is not None
    yield PriceLine(
        resource.address,
        "capacity during a burst",
        worst.most.hourly if worst is not None and exists_only_then else None,
        _ONLY_THEN,
    )


def _unit(resource: PlannedResource) -> str:
    """``nightly`` of ``training/nightly``; empty where the program has no units."""
    return resource.program.partition("/")[2]


_ONLY_THEN = "paid while a burst runs; its worst case stands with what bursts bring"
