"""The table as a page: `docs/reference/dead-man.md`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from tests.faults.dead_man.cell import Outcome

_HEAD = """\
# The dead-man table

Made by `make faults`; do not edit. The command line is killed with `kill -9` at each step of a burst, and every brake
but one is switched off. The sandbox's clock goes on to the deadline and as long after it as the brake may take, which
is ten minutes for a terminal one. Then it is asked what is left: how much still runs (machines, by the sandbox's own
bill), what the capacity receipt finds, and how far tideform's meter is from that bill (2 % at most). The cloud is the
sandbox's; AWS itself was not asked.

Engine events are a sample with the seed {seed}; `make faults-all` takes every one.
"""


def page(outcomes: Sequence[Outcome], seed: int) -> str:
    """Markdown, a table for each pool and brake; the cells in the order of the burst."""
    parts = [_HEAD.format(seed=seed)]
    for (case, brake), cells in groupby(outcomes, key=lambda o: (o.case, o.brake)):
        parts.append(f"\n## {case.name}: the {brake.name} alone ({brake.kind})\n")
        parts += [brake.how, ""] if brake.how else []
        parts.append("| killed after | runs | leftovers | metered USD | billed USD | |\n|---|--:|--:|--:|--:|---|")
        parts += [_row(cell) for cell in cells]
    good = sum(not outcome.problems for outcome in outcomes)
    return "\n".join([*parts, f"\n{good} of {len(outcomes)} cells hold.\n"])


def _row(cell: Outcome) -> str:
    verdict = "holds" if not cell.problems else "**" + " ".join("; ".join(cell.problems).split()) + "**"
    numbers = f"{cell.runs} | {len(cell.leftovers)} | {cell.metered:.6f} | {cell.billed:.6f}"
    return f"| {cell.moment.words} | {numbers} | {verdict} |"
