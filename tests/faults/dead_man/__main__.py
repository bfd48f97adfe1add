"""``python -m tests.faults.dead_man``: play the table and write it down. ``--all`` takes every engine event."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.workspaces import Workspace
from tests.faults.dead_man.backends import CASES, POOL, Case
from tests.faults.dead_man.cell import KILLED_AT, REPOSITORY, Outcome, play
from tests.faults.dead_man.moments import Moment, common, events, steps
from tests.faults.dead_man.report import page

_PAGE = Path(__file__).parents[3] / "docs" / "reference" / "dead-man.md"
_SAMPLE = 3  # engine events of each pool


def main() -> int:
    """Play what was asked for; exit code 1 where a cell does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="every engine event")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--backend", action="append", help="only these")
    parser.add_argument("--out", type=Path, default=_PAGE)
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    chosen = [case for case in CASES if not asked.backend or case.backend in asked.backend]
    if missing := sorted({f"{case.backend} needs {why}" for case in chosen if (why := case.missing())}):
        print("\n".join(missing), file=sys.stderr)
        return 1
    outcomes: list[Outcome] = []
    for case in chosen:
        outcomes += _play_case(case, None if asked.all else _SAMPLE, asked.seed)
    asked.out.write_text(page(outcomes, asked.seed), encoding="utf-8")
    return 1 if any(outcome.problems for outcome in outcomes) else 0


def _play_case(case: Case, sample: int | None, seed: int) -> Iterator[Outcome]:
    with (
        tempfile.TemporaryDirectory(prefix="tideform-dead-man-") as root,
        case.opened(Path(root), case.spec) as workspace,
    ):
        moments = _moments(workspace, case, sample, seed)
        for brake in case.brakes:
            for moment in moments:
                outcome = play(workspace, case, brake, moment)
                verdict = "; ".join(outcome.problems) or "holds"
                print(f"{case.name} / {brake.name} / {moment.words}: {verdict} ({outcome.seconds:.0f} s)", flush=True)
                yield outcome


def _moments(workspace: Workspace, case: Case, sample: int | None, seed: int) -> list[Moment]:
    """Those of two undisturbed bursts."""
    first, second = ([*_recorded(workspace, case, number, sample, seed)] for number in (1, 2))
    return common(first, second)


def _recorded(workspace: Workspace, case: Case, number: int, sample: int | None, seed: int) -> Iterator[Moment]:
    file = workspace.root / f"record-{number}"
    command = ("--record", str(file), "burst", "run", POOL, "--", *case.short)
    burst = workspace.start(*command, program=KILLED_AT, PYTHONPATH=REPOSITORY)
    assert burst.ended() == 0, burst.stderr
    record = file.read_text(encoding="utf-8").splitlines()
    job_ends_at = record.index("job ended")
    yield from steps(record, job_ends_at)
    yield from events(record, job_ends_at, sample=sample, seed=seed)


if __name__ == "__main__":
    sys.exit(main())
