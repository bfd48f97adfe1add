"""In which order an environment goes, and what is left whole where it stops."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plan.making import deployment, pool
from tideform.errors import LeftoversError, RefusedError
from tideform.model.engine import Program, Result
from tideform.model.programs import parse_key
from tideform.operations import teardown
from tideform.state.checkpoint import Checkpoint, FolderBlobs, key_of, read

LEFT = LeftoversError.of("TD608", "Something is left")
REFUSED = RefusedError.of("TD332", "A burst still holds capacity")


@dataclass
class Ground:
    """An engine, its change and its cloud in one: what happens is written down; leases live at some of the looks."""

    living: list[bool]
    blobs: FolderBlobs
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

    def checkpoint(self, program: Program) -> Checkpoint | None:
        return read(self.blobs, program.pulumi_project, program.stack)

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
def ground(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ground:
    made = Ground(list(request.param), FolderBlobs(tmp_path))

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
    monkeypatch.setattr("tideform.operations.teardown.require_nothing_stands", made.look)
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


def stand(ground: Ground, unit: str, *environments: str) -> None:
    """A pool's stack whose resources carry the tags of these environments of the project."""
    tags = [{"tideform:project": "demo", "tideform:environment": one} for one in environments]
    roles = [{"urn": "u", "type": "aws:iam/role:Role", "custom": True, "inputs": {"tags": one}} for one in tags]
    content = json.dumps({"checkpoint": {"latest": {"resources": roles}}}).encode()
    ground.blobs.write(key_of("tideform-training", f"demo-dev-{unit}"), content)


@pytest.mark.parametrize("ground", [()], indirect=True)
@pytest.mark.parametrize("unit", [None, "nightly"], ids=["everything", "the unit alone"])
def test_a_pool_of_the_spec_whose_tags_say_that_it_is_anothers_stops_it_before_anything_is_switched_off(
    ground: Ground, unit: str | None
) -> None:
    stand(ground, "nightly", "prod")
    with pytest.raises(RefusedError) as caught:
        teardown.destroy(replace(ground.deployment, spec=deployment(training=pool()).spec), unit=unit)
    assert ([found.code for found in caught.value.diagnostics], ground.done) == (["TD421"], [])


@pytest.mark.parametrize("ground", [()], indirect=True)
@pytest.mark.parametrize("environments", [("prod",), ("dev", "dev-eu")], ids=["nobody's", "several"])
def test_so_does_a_pool_that_left_the_spec_and_that_nothing_proves_to_be_ours(
    ground: Ground, environments: tuple[str, ...]
) -> None:
    stand(ground, "eu-fit", *environments)
    with pytest.raises(RefusedError) as caught:
        teardown.destroy(ground.deployment)
    assert ([found.code for found in caught.value.diagnostics], ground.done) == (["TD421"], [])


@pytest.mark.parametrize("ground", [(False, False)], indirect=True)
def test_a_pool_of_another_whose_name_begins_like_ours_stops_nobody(ground: Ground) -> None:
    stand(ground, "eu-fit", "dev-eu")
    assert str(teardown.destroy(ground.deployment)) == "the receipt"


@pytest.mark.parametrize("ground", [()], indirect=True)
def test_a_burst_where_the_tags_of_what_goes_say_it_is_stops_it_before_anything_is_switched_off(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teardown, "held_by_tags", lambda *_: REFUSED.diagnostics)
    with pytest.raises(RefusedError, match="still holds"):
        teardown.destroy(ground.deployment)
    assert ground.done == []
