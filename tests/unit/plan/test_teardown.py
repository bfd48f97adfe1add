"""In which order an environment goes, and what is left whole where it stops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.unit.plan.making import deployment
from tideform.engine.base import Program, Result
from tideform.errors import LeftoversError, RefusedError
from tideform.plan import teardown
from tideform.plan.programs import parse_key

LEFT = LeftoversError.of("TD608", "Something is left")
REFUSED = RefusedError.of("TD332", "A burst still holds capacity")


@dataclass
class Ground:
    """An engine, its change and its cloud in one: what happens is written down; leases live at some of the looks."""

    living: list[bool]
    standing: bool = False
    done: list[str] = field(default_factory=list)
    deployment: Any = field(default_factory=lambda: deployment(storage={"data": {"kind": "scratch"}}))

    @property
    def engine(self) -> Ground:
        return self

    @property
    def cloud(self) -> str:
        return "the cloud"

    def existing(self) -> tuple[Program, ...]:
        return tuple(parse_key(self.deployment, key) for key in ("foundation", "storage", "training/fit"))

    def checkpoint(self, _program: Program) -> None: ...

    def on_interrupt(self, _cause: KeyboardInterrupt) -> None: ...

    def destroy(self, program: Program, **_words: Any) -> Result:
        self.done.append(program.key)
        return Result({}, 1)

    def look(self, _cloud: object, _deployment: object) -> None:
        self.done.append("last look")
        if self.standing:
            raise LEFT

    def judge(self, _change: object) -> None:
        self.done.append("leases")
        if self.living.pop(0):
            raise REFUSED


@pytest.fixture
def ground(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Ground:
    made = Ground(list(request.param))

    @contextmanager
    def changing(*_: object, **__: object) -> Iterator[Ground]:
        yield made

    def off(_cloud: object, _deployment: object, pools: list[str]) -> list[str]:
        made.done.append(f"off {' '.join(pools)}")
        return pools

    monkeypatch.setattr(teardown, "changing", changing)
    monkeypatch.setattr(teardown, "end_dead_bursts", lambda _change, _say: made.done.append("dead bursts"))
    monkeypatch.setattr(teardown, "refuse_living_leases", made.judge)
    monkeypatch.setattr("tideform.burst.starters.switch_off", off)
    monkeypatch.setattr("tideform.burst.last_look.require_nothing_stands", made.look)
    monkeypatch.setattr("tideform.burst.receipt.environment_receipt", lambda *_, **__: "the receipt")
    return made


@pytest.mark.parametrize("ground", [(False, False)], indirect=True)
def test_starters_are_off_before_leases_are_judged_and_the_reaper_goes_last(ground: Ground) -> None:
    said: list[str] = []
    assert str(teardown.destroy(ground.deployment, say=said.append)) == "the receipt"
    first, last = ["off fit", "dead bursts", "leases", "training/fit", "storage"], ["leases", "last look", "foundation"]
    assert ground.done == [*first, *last]
    assert "`tideform apply` switches them on again" in said[0]


@pytest.mark.parametrize("ground", [(True,)], indirect=True)
def test_a_living_lease_stops_it_before_anything_goes(ground: Ground) -> None:
    with pytest.raises(RefusedError):
        teardown.destroy(ground.deployment)
    assert ground.done == ["off fit", "dead bursts", "leases"]


@pytest.mark.parametrize("ground", [(False, True)], indirect=True)
def test_a_lease_that_was_being_taken_leaves_the_reaper_whole(ground: Ground) -> None:
    with pytest.raises(RefusedError):
        teardown.destroy(ground.deployment)
    assert "foundation" not in ground.done


@pytest.mark.parametrize("ground", [(False, False)], indirect=True)
def test_what_stands_of_any_pool_leaves_the_reaper_whole(ground: Ground) -> None:
    ground.standing = True
    with pytest.raises(LeftoversError):
        teardown.destroy(ground.deployment)
    assert "foundation" not in ground.done


@pytest.mark.parametrize("ground", [()], indirect=True)
def test_data_that_nobody_named_stops_it_before_anything_is_switched_off(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_held: object, _named: object) -> None:
        raise RefusedError.of("TD330", "Data would be lost")

    monkeypatch.setattr("tideform.engine.data.refuse_unnamed", refuse)
    with pytest.raises(RefusedError):
        teardown.destroy(ground.deployment)
    assert ground.done == []


@pytest.mark.parametrize("ground", [(False,)], indirect=True)
def test_data_that_work_has_written_as_it_ended_stops_it_before_anything_goes(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_held: object, _named: object) -> None:
        if ground.done:
            raise RefusedError.of("TD330", "Data would be lost")

    monkeypatch.setattr("tideform.engine.data.refuse_unnamed", refuse)
    with pytest.raises(RefusedError):
        teardown.destroy(ground.deployment)
    assert ground.done == ["off fit", "dead bursts", "leases"]
