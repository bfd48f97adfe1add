"""``python -m tests.faults.dead_man``: play the table, all of it or a part. Cells that do not hold fail it."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.workspaces import Workspace
from tests.faults.dead_man.backends import CASES, POOL, Case
from tests.faults.dead_man.cell import Outcome, Row, play
from tests.faults.dead_man.faults import KILLED, ON_THE_COMMAND
from tests.faults.dead_man.guards import GUARDS
from tests.faults.dead_man.idling import IDLING
from tests.faults.dead_man.items import ITEMS
from tests.faults.dead_man.moments import Moment, common, events, some, steps
from tests.faults.dead_man.report import page
from tests.faults.dead_man.trial import KILLED_AT

MISHAPS = {fault.name: fault for fault in (*ON_THE_COMMAND, *IDLING, GUARDS, ITEMS)}

_EVENTS = 3  # that are played of each pool's
_LANES = 2  # pools at a time


def main() -> int:
    """Play what was asked for; exit code 1 where a cell does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="every engine event")
    parser.add_argument("--sample", type=int, help="only so many steps of each brake, and one engine event")
    parser.add_argument("--mishaps", type=int, help="only so many of what is tried beside kills, drawn from all")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--backend", action="append", help="only these")
    parser.add_argument("--fault", action="append", choices=[KILLED.name, *MISHAPS], help="only these mishaps")
    parser.add_argument("--moment", action="append", help="only these, as the table calls them")
    parser.add_argument("--out", type=Path, help="write the table there")
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    chosen = [case for case in CASES if not asked.backend or case.backend in asked.backend]
    if missing := sorted({f"{case.backend} needs {why}" for case in chosen if (why := case.missing())}):
        print("\n".join(missing), file=sys.stderr)
        return 1
    events = None if asked.all else 1 if asked.sample else _EVENTS
    rows = drawn(rows_of(chosen, asked.fault), asked.mishaps, asked.seed)
    draw = _Draw(asked.sample, events, asked.seed, rows, asked.moment)
    with ThreadPoolExecutor(_LANES) as lanes:
        outcomes = [one for played in lanes.map(lambda case: [*_play_case(case, draw)], chosen) for one in played]
    if asked.out:
        asked.out.write_text(page(outcomes, asked.seed, asked.sample), encoding="utf-8")
    bad = sum(bool(outcome.problems) for outcome in outcomes)
    print(f"{len(outcomes) - bad} of {len(outcomes)} cells hold")
    return 1 if bad else 0


def rows_of(cases: Sequence[Case], faults: Sequence[str] | None) -> list[Row]:
    """What is tried: with each case a kill against each of its brakes alone, and its other mishaps."""
    every = [Row(case, KILLED, brake) for case in cases for brake in case.brakes if case.killed]
    every += [Row(case, MISHAPS[name], case.brakes[0]) for case in cases for name in case.mishaps]
    return [row for row in every if not faults or row.fault.name in faults]


def drawn(rows: Sequence[Row], mishaps: int | None, seed: int) -> list[Row]:
    """All kills, and so many of the other rows."""
    others = [row for row in rows if not row.fault.alone]
    chosen = others if mishaps is None else random.Random(seed).sample(others, min(mishaps, len(others)))
    return [row for row in rows if row.fault.alone or row in chosen]


@dataclass(frozen=True)
class _Draw:
    """How many moments of a pool each row is tried at; None for every one."""

    steps: int | None
    events: int | None
    seed: int
    rows: Sequence[Row]
    only: Sequence[str] | None = None

    def of(self, row: Row, done: Sequence[Moment], told: Sequence[Moment]) -> list[Moment]:
        """In the order of the burst."""
        seed = f"{self.seed} {row.brake.name}"
        chosen = row.fault.moments(done, told)
        happening = [moment for moment in chosen if moment not in told]
        drawn = [*some(happening, self.steps, seed), *some([m for m in chosen if m in told], self.events, seed)]
        return sorted(moment for moment in drawn if not self.only or moment.words in self.only)


def _play_case(case: Case, draw: _Draw) -> Iterator[Outcome]:
    if not (rows := [row for row in draw.rows if row.case is case]):
        return
    with (
        tempfile.TemporaryDirectory(prefix="tideform-dead-man-") as root,
        case.opened(Path(root), case.spec) as workspace,
    ):
        first, second = (_recorded(workspace, case, number) for number in (1, 2))
        done, told = (common(kind(*first), kind(*second)) for kind in (steps, events))
        for row in rows:
            for moment in draw.of(row, done, told):
                outcome = play(workspace, row, moment)
                verdict = "; ".join(outcome.problems) or "holds"
                print(f"{row.name} / {moment.words}: {verdict} ({outcome.seconds:.0f} s)", flush=True)
                yield outcome


def _recorded(workspace: Workspace, case: Case, number: int) -> tuple[list[str], int]:
    """What an undisturbed burst did, and where in that its job ended."""
    file = workspace.root / f"record-{number}"
    command = ("--record", str(file), "burst", "run", POOL, "--", *case.short)
    burst = workspace.start_by(KILLED_AT, *command)
    assert burst.ended() == 0, burst.stderr
    record = file.read_text(encoding="utf-8").splitlines()
    return record, record.index("job ended")


if __name__ == "__main__":
    sys.exit(main())
