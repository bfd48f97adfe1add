"""The order in which programs come and go."""

from __future__ import annotations

from pathlib import Path

from tideform.model.engine import Program
from tideform.plan.stages import removal, stages


def _program(layer: str, unit: str | None = None, reads: tuple[str, ...] = ()) -> Program:
    return Program(layer, "p-dev", Path("x"), unit, reads)


FOUNDATION = _program("foundation")
STORAGE = _program("storage", reads=("foundation",))
POOL = _program("training", "nightly", ("foundation", "storage"))
OTHER = _program("training", "weekly", ("foundation", "storage"))
ENDPOINT = _program("serving", "score", ("foundation", "storage"))


def test_a_program_comes_after_those_that_it_reads() -> None:
    level = {s.program.key: s.level for s in stages([POOL, STORAGE, FOUNDATION])}
    assert level["foundation"] < level["storage"] < level["training/nightly"]


def test_units_that_do_not_need_each_other_share_a_level() -> None:
    level = {s.program.key: s.level for s in stages([FOUNDATION, STORAGE, POOL, OTHER, ENDPOINT])}
    assert level["training/nightly"] == level["training/weekly"] == level["serving/score"]


def test_what_the_spec_no_longer_names_goes_after_everything_is_up() -> None:
    walked = stages([FOUNDATION, STORAGE], removed=[POOL])
    assert walked[-1].program is POOL
    assert walked[-1].level > max(s.level for s in walked[:-1])


def test_removal_takes_endpoints_and_pools_first_and_foundation_last() -> None:
    walked = removal([FOUNDATION, STORAGE, POOL, ENDPOINT], why="asked for")
    assert [s.program.layer for s in walked] == ["serving", "training", "storage", "foundation"]
    assert [s.level for s in walked] == [0, 1, 2, 3]
