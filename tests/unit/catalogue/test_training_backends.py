"""What training backends say about pools."""

from __future__ import annotations

from typing import Any

import pytest

from tideform.diagnostics import Severity
from tideform.registry.training import backends
from tideform.spec.training import Pool

JOB = {"image": "i", "command": ["true"]}


def problems(**words: Any) -> list[tuple[str, str]]:
    pool = Pool(**{"job": JOB, **words})
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


def test_several_nodes_on_spot_that_was_asked_for_are_refused_at_the_word() -> None:
    words = {"instance_types": ["c5.large"], "nodes": 2, "capacity": {"spot": "prefer"}}
    assert problems(**words, job={**JOB, "nodes": 2}) == [("TD156", "training.p.capacity.spot")]


def test_several_nodes_where_nothing_was_said_are_on_demand_and_that_is_noted() -> None:
    words: dict[str, Any] = {"instance_types": ["c5.large"], "nodes": 2}
    (found,) = backends()["batch"].problems("p", Pool(job={**JOB, "nodes": 2}, **words))
    assert (found.severity, found.path) == (Severity.NOTE, "training.p.job.nodes")
