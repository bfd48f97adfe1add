"""A receipt: the proof that nothing is left, or what is, each with what it costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from tideform.views.costs import money
from tideform.views.lines import Line, plain
from tideform.views.unasked import unasked_json, unasked_lines
from tideform.words import counted

if TYPE_CHECKING:
    from tideform.burst.receipt import Receipt
    from tideform.resources.inventory import Leftover
    from tideform.state.left_behind import LeftBehind


def receipt_lines(receipt: Receipt, beside: Iterable[LeftBehind] = ()) -> Iterator[Line]:
    """What is left, what nobody answered for, what stays on purpose, and the verdict.

    ``beside`` is what stands under other names, of which the verdict says nothing.
    """
    yield plain()
    if receipt.leftovers:
        yield plain("Left behind:", style="bold red")
        yield from (Line(_thing(found), "-") for found in receipt.leftovers)
    if receipt.unasked:
        yield plain("Not known:", style="bold red")
        yield from unasked_lines(receipt.unasked)
    if receipt.kept:
        yield plain("Stays on purpose:", style="bold")
        yield from (Line(_thing(found)) for found in receipt.kept)
    if receipt.foreign:
        yield plain("Same name, not ours: left alone:", style="bold")
        yield from (Line(_thing(found)) for found in receipt.foreign)
    if receipt.idle:
        yield plain("Reserved, and used by nobody now:", style="bold")
        yield from (Line(str(reservation)) for reservation in receipt.idle)
    yield from unasked_lines(receipt.idle_unasked, depth=-1)
    yield _verdict(receipt)
    for one in beside:
        yield plain(f"{one.name} is not in it, and stands: {counted(one.resources, 'resource')}.", style="bold red")
    if not receipt.empty:
        yield plain("Run the command again: what is ending may only need a moment. Remove by hand what stays.")


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """The same facts for programs; prices in USD an hour."""
    return {
        "scope": receipt.scope,
        "empty": receipt.empty,
        "asked": receipt.asked,
        "hourly_usd": round(receipt.hourly_usd, 6),
        "leftovers": [vars(found) for found in receipt.leftovers],
        "kept": [vars(found) for found in receipt.kept],
        "foreign": [vars(found) for found in receipt.foreign],
        "unasked": unasked_json(receipt.unasked),
        "idle_reservations": [vars(reservation) for reservation in receipt.idle],
        "idle_unasked": unasked_json(receipt.idle_unasked),
    }


def _verdict(receipt: Receipt) -> Line:
    if receipt.empty:
        questions = f"{counted(receipt.asked, 'question')} asked"
        return plain(f"Receipt for {receipt.scope}: nothing is left ({questions}).", style="bold green")
    count = len(receipt.leftovers)
    cost = f", {money(receipt.hourly_usd)} an hour" if receipt.hourly_usd else ""
    left = f"{count} left{cost}" if count else "it is not certain that nothing is left"
    return plain(f"Receipt for {receipt.scope}: {left}.", style="bold red")


def _thing(found: Leftover) -> str:
    name = f" ({found.name})" if found.name and found.name != found.id else ""
    cost = f", {money(found.hourly_usd)} an hour" if found.hourly_usd is not None else ""
    note = f": {found.note}" if found.note else ""
    return f"{found.service} {found.kind} {found.id}{name}{cost}{note}"
