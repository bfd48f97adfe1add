"""What a spec asks for in vain is said."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.stacks.collecting import FULL
from tideform.catalogue.not_built import not_built
from tideform.spec.project import Project

NIGHTLY = FULL["training"]["nightly"]
SCORE = FULL["serving"]["score"]


def paths(**words: Any) -> list[str]:
    return [found.path for found in not_built(Project(**{**FULL, **words}))]


def test_a_spec_that_is_built_whole_has_nothing_to_say() -> None:
    assert paths() == []


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ({"training": {"n": {**NIGHTLY, "backend": "ec2", "schedule": "rate(1 day)"}}}, "training.n.schedule"),
        ({"serving": {"s": {**SCORE, "rollout": {"shadow": "other"}}}}, "serving.s.rollout.shadow"),
        ({"monitoring": {"drift": {"endpoint": "score", "baseline": "models"}}}, "monitoring.drift"),
        ({"budget": {"monthly": "1 USD", "hard_stop": True}}, "budget.hard_stop"),
        ({"network": {"private": False}}, "network.private"),
        ({"storage": {"a": {"kind": "dataset", "remote": "lakefs"}}}, "storage.a.remote"),
    ],
)
def test_each_gap_is_said_with_its_place(words: dict[str, Any], path: str) -> None:
    assert paths(**words) == [path]
