"""What serving backends say about endpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.registry.serving import backends
from tideform.spec.serving import Endpoint

SAGEMAKER = backends()["sagemaker"]


def endpoint(**words: Any) -> Endpoint:
    return Endpoint(**{"model": {"from": "models"}, **words})


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"scale": {"min": 0}}, "TD208"),
        ({"scale": {"min": 3, "max": 2}}, "TD209"),
        ({"scale": {"max": 4}, "rollout": {"canary": "80%"}}, "TD211"),
        ({"scale": {"max": 4}, "rollout": {"canary": "0%"}}, "TD211"),
        ({"scale": {"max": 1}, "rollout": {"canary": "10%"}}, "TD211"),
        ({"rollout": {"bake": "2h"}}, "TD212"),
    ],
)
def test_what_sagemaker_does_not_take(words: dict[str, Any], code: str) -> None:
    assert [d.code for d in SAGEMAKER.problems("e", endpoint(**words))] == [code]


def test_all_problems_come_at_once() -> None:
    found = SAGEMAKER.problems("e", endpoint(scale={"min": 0}, rollout={"bake": "2h"}))
    assert len(found) == 2


def test_an_ordinary_endpoint_has_none() -> None:
    words = {"scale": {"min": 1, "max": 4}, "rollout": {"canary": "10%", "bake": "15m"}}
    assert SAGEMAKER.problems("e", endpoint(**words)) == []


@pytest.mark.parametrize("version", ["approved", "latest", 3])
def test_without_a_pin_an_endpoint_waits_and_says_for_what(tmp_path: Path, version: str | int) -> None:
    waiting = endpoint(model={"from": "models", "version": version})
    reason = SAGEMAKER.deferred(deployment_of(FULL, tmp_path), "e", waiting, {})
    assert reason == f"version {version} of models is not pinned for dev yet"


def test_with_a_pin_it_does_not_wait(tmp_path: Path) -> None:
    assert SAGEMAKER.deferred(deployment_of(FULL, tmp_path), "e", endpoint(), {"e": "key"}) is None
