"""What a plan costs, and what its sleeping pools would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tideform.model.planned import Action, Plan, PriceLine
from tideform.prices.book import HOURS_A_MONTH
from tideform.views.lines import Line, plain
from tideform.views.order import program_order
from tideform.words import counted

BY_USE = "priced by use"  # the note of lines that need no more words


def hourly(lines: Iterable[PriceLine]) -> float:
    """The sum in USD an hour of what is priced by time."""
    return sum(line.hourly for line in lines if line.hourly is not None)


def standing(plan: Plan) -> list[PriceLine]:
    """The price lines of what stands after an apply: neither dormant nor deleted."""
    gone = {r.address for r in plan.resources if r.action is Action.DELETE}
    asleep = tuple(f"{d.program}." for d in plan.dormant)
    return sorted(
        (p for p in plan.prices if p.address not in gone and not p.address.startswith(asleep)),
        key=lambda p: (p.address, p.item),
    )


def cost_lines(plan: Plan) -> Iterator[Line]:
    """A line for whatever is paid for by the hour or needs a word, and the sum."""
    lines = standing(plan)
    if not lines:
        return
    when = "What this would cost on AWS" if plan.target == "local" else "Cost once applied"
    yield plain(f"{when} (list prices, without taxes and discounts):", style="bold")
    by_use = [p for p in lines if p.hourly is None and p.note == BY_USE]
    for line in lines:
        if line not in by_use:
            yield Line(_cost_line(line))
    total = hourly(lines)
    rest = f", and {counted(len(by_use), 'item')} priced by use" if by_use else ""
    missing = [p.address for p in lines if p.missing]
    least = "at least " if missing else ""
    yield Line(f"Total: {least}{money(total)} an hour, {money(total * HOURS_A_MONTH)} a month{rest}.", style="bold")
    if missing:
        yield Line(f"Not in it, as the price book does not have them: {', '.join(missing)}.")
    yield plain()


def _cost_line(line: PriceLine) -> str:
    price = "" if line.hourly is None else f", {money(line.hourly)} an hour"
    return f"{line.address}: {line.item}{price}" + (f"; {line.note}" if line.note else "")


def dormant_lines(plan: Plan) -> Iterator[Line]:
    """One line for each pool that exists during a burst only."""
    if not plan.dormant:
        return
    yield plain("Dormant until a burst:", style="bold")
    for pool in sorted(plan.dormant, key=lambda d: program_order(d.program)):
        made = f"a burst makes {counted(pool.resources, 'resource')}"
        yield Line(f"{pool.program}: {made}")
    yield plain()


def pool_lines(plan: Plan) -> Iterator[Line]:
    """What a burst of each pool brings, the ladder it goes down to get it, and what it leaves aside and why."""
    if not plan.pools:
        return
    yield plain("What bursts bring, each rung tried when the one before has nothing:", style="bold")
    for pool in sorted(plan.pools, key=lambda p: program_order(p.program)):
        yield Line(f"{pool.program}: {pool.machines}")
        for place, rung in enumerate(pool.ladder, start=1):
            yield Line(f"{place}. {rung}", depth=1)
        if pool.worst:
            yield Line(f"worst case: {pool.worst}", depth=1)
        for why, names in _by_reason(pool.left_out).items():
            yield Line(f"not {', '.join(names)}: {why}", depth=1)
    yield Line("A quota that is used up ends the ladder: no other rung helps, and the burst says which quota it is.")
    yield plain()


def _by_reason(left_out: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, why in left_out:
        found.setdefault(why, []).append(name)
    return found


def money(amount: float) -> str:
    """USD with cents, or as many digits as a small price needs."""
    return f"{amount:,.2f} USD" if amount == 0 or amount >= 0.1 else f"{amount:.4f} USD"
