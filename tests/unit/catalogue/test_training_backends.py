"""What training backends say about pools."""

from __future__ import annotations

from typing import Any

import pytest

from tideform.catalogue.training.base import backends
from tideform.spec.training import Pool


def problems(**words: Any) -> list[tuple[str, str]]:
    pool = Pool(job={"image": "i", "command": ["true"]}, **words)
    return [(d.code, d.path) for d in backends()["batch"].problems("p", pool)]


@pytest.mark.parametrize(
    "words",
    [
        {"instance_types": ["c5.large"]},
        {"accelerator": {"name": "A10G", "count": "1..8"}},
        {"accelerator": {"name": "H100", "count": 8}},
        {"instance_types": ["g5.xlarge", "g5.2xlarge"]},
    ],
)
def test_capacity_that_batch_runs(words: dict[str, Any]) -> None:
    assert problems(**words) == []


@pytest.mark.parametrize(
    "words",
    [
        {"accelerator": {"name": "V100"}},
        {"accelerator": {"name": "Trainium"}},
        {"instance_types": ["inf2.xlarge"]},
        {"instance_types": ["g5g.xlarge"]},
        {"instance_types": ["c5.large", "g5.xlarge"]},
    ],
)
def test_capacity_that_batch_has_no_image_for(words: dict[str, Any]) -> None:
    assert problems(**words) == [("TD206", "training.p")]


def test_a_slip_is_told_at_the_pool() -> None:
    assert problems(instance_types=["c5.lage"]) == [("TD204", "training.p")]
