"""What a spec asks for in vain is said."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.stacks.collecting import FULL
from tideform.checks.not_built import not_built
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
        ({"training": {"n": {**NIGHTLY, "interconnect": "efa", "backend": "sagemaker"}}}, "training.n.interconnect"),
        ({"serving": {"s": {**SCORE, "rollout": {"shadow": "other"}}}}, "serving.s.rollout.shadow"),
        ({"monitoring": {"drift": {"endpoint": "score", "baseline": "models"}}}, "monitoring.drift"),
        ({"network": {"private": False}}, "network.private"),
        (
            {"training": {"n": {**NIGHTLY, "backend": "eks"}}, "cluster": {"existing": "mine"}},
            "cluster.existing",
        ),
        ({"storage": {"a": {"kind": "dataset", "remote": "lakefs"}}}, "storage.a.remote"),
        ({"storage": {"a": {"kind": "scratch", "retention": "9d"}}}, "storage.a.retention"),
        ({"storage": {"a": {"kind": "models", "versioning": False, "retention": "7y"}}}, "storage.a.retention"),
        ({"cluster": {"version": "1.36"}}, "cluster"),
        (
            {"serving": {"s": {**SCORE, "scale": {"min": 2, "max": 2, "target_invocations": 9}}}},
            "serving.s.scale.target_invocations",
        ),
    ],
)
def test_each_gap_is_said_with_its_place(words: dict[str, Any], path: str) -> None:
    assert paths(**words) == [path]


def test_a_pool_on_kubernetes_gets_its_reservations_its_gangs_its_adapters_and_its_zones() -> None:
    job = {**NIGHTLY["job"], "nodes": 2}
    pool = {
        **NIGHTLY,
        "backend": "eks",
        "capacity": {"reservations": ["cr-0123456789abcdef0"]},
        "interconnect": "efa",
        "zones": ["a"],
        "job": job,
    }
    assert paths(training={"n": pool}) == []


SWEEP = {"grid": {"SEED": [1, 2, 3]}, "at_once": 2}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ({"trigger": {"store": "models"}}, []),
        ({"backend": "ec2", "trigger": {"store": "models"}}, []),
        ({"backend": "sagemaker", "schedule": "cron(0 2 * * ? *)"}, []),
        ({"trigger": {"store": "models"}, "checkpoint": {"every": "5m"}}, []),
        ({"trigger": {"store": "models"}, "job": {"build": "image"}}, ["training.n.trigger"]),
        ({"schedule": "cron(0 2 * * ? *)", "job": {"sweep": SWEEP}}, ["training.n.job.sweep.at_once"]),
        ({"trigger": {"store": "models"}, "job": {"sweep": {**SWEEP, "at_once": 3}}}, []),
        ({"job": {"sweep": SWEEP}}, []),
    ],
)
def test_what_a_pool_that_starts_by_itself_does_not_do_is_said(words: dict[str, Any], found: list[str]) -> None:
    job = {**NIGHTLY["job"], **words.get("job", {})}
    assert paths(training={"n": {**NIGHTLY, **words, "job": job}}) == found
