"""What a plan is about: which stacks a removal takes, and what the spec asks for in vain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.unit.plan.making import deployment, pool
from tideform.engine.base import Preview, Program
from tideform.plan.pipeline import make_plan
from tideform.plan.programs import parse_key
from tideform.spec.deployment import Deployment

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

    def existing(self) -> tuple[Program, ...]:
        return tuple(parse_key(self.deployment, key) for key in self.keys)

    def outputs(self, _program: Program) -> dict[str, Any]:
        return {}

    def preview(self, _program: Program, _upstream: Any, *, destroy: bool) -> Preview:
        assert destroy
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


SCHEDULED = {**SERVED, "training": pool(schedule="cron(0 2 * * ? *)"), "network": {"private": False}}


@pytest.mark.parametrize(
    ("asked", "paths"),
    [
        ({}, ["network.private", "training.nightly.schedule"]),
        ({"unit": "nightly"}, ["training.nightly.schedule"]),
        ({"unit": "score"}, []),
    ],
)
def test_what_the_spec_asks_for_in_vain_is_a_note_of_the_plan(asked: dict[str, Any], paths: list[str]) -> None:
    plan = make_plan(deployment(**SCHEDULED), offline=True, **asked).plan
    assert [f.path for f in plan.findings if f.code == "TD230"] == paths
