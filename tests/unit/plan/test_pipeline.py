"""What a plan is about: which stacks a removal takes, and what the spec asks for in vain."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plan.making import deployment, pool
from tideform.diagnostics import Severity, errors_in
from tideform.model.engine import Preview, Program
from tideform.model.programs import made_as, parse_key
from tideform.operations import pipeline
from tideform.operations.pipeline import make_plan
from tideform.spec.deployment import Deployment
from tideform.state.checkpoint import Blobs, FolderBlobs

SERVED: dict[str, Any] = {
    "storage": {"models": {"kind": "models"}},
    "training": pool(between_bursts="remove"),
    "serving": {"score": {"model": {"from": "models"}, "instance_type": "ml.m5.large"}},
}


@dataclass
class Standing:
    """An engine with stacks of these keys, that previews their removal."""

    deployment: Deployment
    keys: tuple[str, ...]
    blobs: Blobs = FolderBlobs(Path("nowhere"))  # noqa: RUF009  # in which nothing else is

    def existing(self) -> tuple[Program, ...]:
        units = (parse_key(self.deployment, key) for key in self.keys)
        return tuple(made_as(self.deployment, p.layer, p.unit) if p.unit else p for p in units)

    def outputs(self, _program: Program) -> dict[str, Any]:
        return {}

    def checkpoint(self, _program: Program) -> None:
        """Foundation has made no lease table."""

    def preview(self, _program: Program, _upstream: Any, *, destroy: bool = False, refresh: bool = False) -> Preview:
        assert not refresh
        return Preview((), {}, {})


@pytest.mark.parametrize(
    ("unit", "removed"),
    [
        (None, ("serving/score", "storage", "training/gone", "training/nightly")),
        ("score", ("serving/score",)),
        ("gone", ("training/gone",)),
    ],
)
def test_a_removal_lists_all_that_stands_also_what_an_apply_would_put_off(
    unit: str | None, removed: tuple[str, ...]
) -> None:
    here = deployment(**SERVED)
    engine: Any = Standing(here, ("storage", "training/nightly", "training/gone", "serving/score"))
    plan = make_plan(here, destroy=True, unit=unit, engine=engine).plan
    assert (tuple(sorted(plan.removed_programs)), plan.deferred, plan.dormant) == (removed, (), ())


@pytest.mark.parametrize(("was_removed", "goes"), [(False, ("training/nightly",)), (True, ()), (None, ())])
def test_what_stands_of_a_pool_goes_with_the_apply_that_lets_it_stand_during_bursts_only(
    was_removed: bool | None, goes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "removed_between_bursts", lambda *_: was_removed)
    here = deployment(**SERVED)
    engine: Any = Standing(here, ("foundation", "storage", "training/nightly"))
    assert make_plan(here, unit="nightly", engine=engine).plan.removed_programs == goes


@pytest.mark.parametrize(
    ("renames", "made"), [({}, "score"), ({"moved": [{"from": "serving.old", "to": "serving.score"}]}, "old")]
)
def test_an_endpoint_that_stands_without_a_pin_is_not_left_alone(renames: dict[str, Any], made: str) -> None:
    here = deployment(**SERVED, **renames)
    engine: Any = Standing(here, ("storage", f"serving/{made}"))
    findings = make_plan(here, engine=engine).plan.findings
    assert [(f.code, f.path) for f in findings if f.severity is Severity.ERROR] == [("TD309", "serving.score")]


KEPT = {**SERVED, "training": pool(between_bursts="keep")}


@pytest.mark.parametrize(("standing", "codes"), [((), ["TD353"]), (("foundation", "storage"), [])])
def test_a_unit_alone_needs_what_it_is_built_on(standing: tuple[str, ...], codes: list[str]) -> None:
    here = deployment(**KEPT)
    engine: Any = Standing(here, standing)
    assert [f.code for f in errors_in(make_plan(here, unit="nightly", engine=engine).plan.findings)] == codes


def test_an_endpoint_that_waits_and_does_not_stand_is_no_error() -> None:
    here = deployment(**SERVED)
    engine: Any = Standing(here, ("storage",))
    assert errors_in(make_plan(here, engine=engine).plan.findings) == []


BUILT = {"image": "trainer", "build": ".", "command": ["python", "train.py"]}
TRIGGERED = {**SERVED, "training": pool(trigger={"store": "models"}, job=BUILT), "network": {"private": False}}


@pytest.mark.parametrize(
    ("asked", "paths"),
    [
        ({}, ["network.private", "training.nightly.trigger"]),
        ({"unit": "nightly"}, ["training.nightly.trigger"]),
        ({"unit": "score"}, []),
    ],
)
def test_what_the_spec_asks_for_in_vain_is_a_note_of_the_plan(asked: dict[str, Any], paths: list[str]) -> None:
    plan = make_plan(deployment(**TRIGGERED), offline=True, **asked).plan
    assert [f.path for f in plan.findings if f.code == "TD230"] == paths
