"""The table as a page: `docs/reference/dead-man.md`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from tests.faults.dead_man.cell import Outcome, Row
from tideform.words import counted

_HEAD = """\
# The dead-man table

Made by `make faults`; do not edit. The command line is killed with `kill -9` at each step of a burst, and every brake
but one is switched off. The sandbox's clock goes on to the deadline and as long after it as the brake may take, which
is ten minutes for a terminal one. Then it is asked what is left: how much still runs (machines, by the sandbox's own
bill), what the capacity receipt finds, and how far tideform's meter is from that bill (2 % at most). The cloud is the
sandbox's; AWS itself was not asked. Other mishaps than a kill say above their table what happens.

{drawn}
"""
_ALL = "Engine events are a sample with the seed {seed}; `make faults-all` takes every one."
_SOME = (
    "A sample with the seed {seed}: {sample} of each table, and an engine event where there are any; `make faults`\n"
    "takes every step, `make faults-all` every event, too."
)


def page(outcomes: Sequence[Outcome], seed: int, sample: int | None = None) -> str:
    """Markdown, a table for each pool, mishap and brake; the cells in the order of the burst. ``sample``: so many."""
    drawn = _SOME.format(seed=seed, sample=counted(sample, "step")) if sample else _ALL.format(seed=seed)
    parts = [_HEAD.format(drawn=drawn)]
    for row, cells in groupby(outcomes, key=lambda o: o.row):
        parts.append(f"\n## {_title(row)}\n")
        parts += [f"{how}\n" for how in (row.fault.how, row.brake.how if row.fault.alone else "") if how]
        parts.append(f"| {row.fault.head} | runs | leftovers | metered USD | billed USD | |\n|---|--:|--:|--:|--:|---|")
        parts += [_line(cell) for cell in cells]
    good = sum(not outcome.problems for outcome in outcomes)
    return "\n".join([*parts, f"\n{good} of {len(outcomes)} cells hold.\n"])


def _title(row: Row) -> str:
    if row.fault.alone:
        return f"{row.case.name}: the {row.brake.name} alone ({row.brake.kind})"
    return f"{row.case.name}: {row.fault.name}"


def _line(cell: Outcome) -> str:
    verdict = "holds" if not cell.problems else "**" + " ".join("; ".join(cell.problems).split()) + "**"
    numbers = f"{cell.runs} | {len(cell.leftovers)} | {cell.metered:.6f} | {cell.billed:.6f}"
    return f"| {cell.moment.words} | {numbers} | {verdict} |"
