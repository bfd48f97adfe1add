"""What a pool with ``backend: eks`` may ask for, and what a brake is told of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.registry.training import backends
from tideform.spec.training import Pool

NIGHTLY = {**FULL["training"]["nightly"], "backend": "eks"}


def codes(**words: Any) -> list[tuple[str, str | None]]:
    found = backends()["eks"].problems("nightly", Pool(**{**NIGHTLY, **words}))
    return [(each.code, each.path) for each in found]


def test_a_pool_of_gpus_is_welcome() -> None:
    assert codes() == []


def test_secrets_by_reference_are_welcome() -> None:
    assert codes(job={**NIGHTLY["job"], "secrets": {"TOKEN": "secret:hub"}}) == []


def test_adapters_go_to_gpus_that_can_have_them() -> None:
    assert codes(interconnect="efa") == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ({"accelerator": {"name": "V100"}}, ("TD206", "training.nightly")),
        (
            {"accelerator": None, "instance_types": ["c7i.48xlarge"], "interconnect": "efa"},
            ("TD663", "training.nightly.interconnect"),
        ),
        (
            {"kubernetes": {"disruption_budget": "0%"}},
            ("TD662", "training.nightly.kubernetes.disruption_budget"),
        ),
        ({"schedule": "rate(1 day)"}, ("TD663", "training.nightly.schedule")),
        ({"trigger": {"store": "models"}}, ("TD663", "training.nightly.trigger")),
    ],
    ids=["old GPUs", "EFA without GPUs", "no disruption", "a schedule", "a trigger"],
)
def test_what_a_cluster_does_not_do_is_refused_where_it_stands(words: dict[str, Any], found: tuple[str, str]) -> None:
    assert codes(**words) == [found]


def test_a_handle_is_plain_data_that_names_who_launches(tmp_path: Path) -> None:
    deployment = deployment_of({**FULL, "training": {"nightly": NIGHTLY}}, tmp_path)
    handle = backends()["eks"].handle(deployment, "nightly")
    assert json.loads(json.dumps(handle)) == handle
    assert handle["karpenter_role"] == "fraud-scoring-dev-karpenter"
    assert handle["tags"]["tideform:unit"] == "nightly"


def test_nobody_tells_who_launches_in_an_existing_cluster(tmp_path: Path) -> None:
    spec = {**FULL, "training": {"nightly": NIGHTLY}, "cluster": {"existing": "mine"}}
    handle = backends()["eks"].handle(deployment_of(spec, tmp_path), "nightly")
    assert (handle["karpenter_role"], handle["cluster"], handle["context"]) == ("", "", "mine")
