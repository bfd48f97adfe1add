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
from tests.faults.dead_man.brakes import Brake
from tests.faults.dead_man.cell import KILLED_AT, REPOSITORY, Outcome, play
from tests.faults.dead_man.moments import Moment, common, events, some, steps
from tests.faults.dead_man.report import page

_EVENTS = 3  # that are played of each pool's
_LANES = 2  # pools at a time


def main() -> int:
    """Play what was asked for; exit code 1 where a cell does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="every engine event")
    parser.add_argument("--sample", type=int, help="only so many steps of each brake, and one engine event")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--backend", action="append", help="only these")
    parser.add_argument("--moment", action="append", help="only these, as the table calls them")
    parser.add_argument("--out", type=Path, help="write the table there")
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    chosen = [case for case in CASES if not asked.backend or case.backend in asked.backend]
    if missing := sorted({f"{case.backend} needs {why}" for case in chosen if (why := case.missing())}):
        print("\n".join(missing), file=sys.stderr)
        return 1
    events = None if asked.all else 1 if asked.sample else _EVENTS
    draw = _Draw(asked.sample, events, asked.seed, asked.moment)
    with ThreadPoolExecutor(_LANES) as lanes:
        outcomes = [one for played in lanes.map(lambda case: [*_play_case(case, draw)], chosen) for one in played]
    if asked.out:
        asked.out.write_text(page(outcomes, asked.seed), encoding="utf-8")
    bad = sum(bool(outcome.problems) for outcome in outcomes)
    print(f"{len(outcomes) - bad} of {len(outcomes)} cells hold")
    return 1 if bad else 0


@dataclass(frozen=True)
class _Draw:
    """How many moments of a pool each brake is tried at; None for every one."""

    steps: int | None
    events: int | None
    seed: int
    only: Sequence[str] | None = None

    def of(self, steps: Sequence[Moment], events: Sequence[Moment], brake: Brake) -> list[Moment]:
        """In the order of the burst."""
        seed = f"{self.seed} {brake.name}"
        drawn = [*some(steps, self.steps, seed), *some(events, self.events, seed)]
        return sorted(moment for moment in drawn if not self.only or moment.words in self.only)


def _play_case(case: Case, draw: _Draw) -> Iterator[Outcome]:
    with (
        tempfile.TemporaryDirectory(prefix="tideform-dead-man-") as root,
        case.opened(Path(root), case.spec) as workspace,
    ):
        first, second = (_recorded(workspace, case, number) for number in (1, 2))
        done, told = (common(kind(*first), kind(*second)) for kind in (steps, events))
        for brake in case.brakes:
            for moment in draw.of(done, told, brake):
                outcome = play(workspace, case, brake, moment)
                verdict = "; ".join(outcome.problems) or "holds"
                print(f"{case.name} / {brake.name} / {moment.words}: {verdict} ({outcome.seconds:.0f} s)", flush=True)
                yield outcome


def _recorded(workspace: Workspace, case: Case, number: int) -> tuple[list[str], int]:
    """What an undisturbed burst did, and where in that its job ended."""
    file = workspace.root / f"record-{number}"
    command = ("--record", str(file), "burst", "run", POOL, "--", *case.short)
    burst = workspace.start(*command, program=KILLED_AT, PYTHONPATH=REPOSITORY)
    assert burst.ended() == 0, burst.stderr
    record = file.read_text(encoding="utf-8").splitlines()
    return record, record.index("job ended")


if __name__ == "__main__":
    sys.exit(main())
