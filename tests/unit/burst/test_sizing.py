"""What a burst brings, and so what is said of its price."""

from __future__ import annotations

from tideform.burst.sizing import sizing
from tideform.spec.training import Job, Pool

POOL = Pool.model_validate(
    {"instance_types": ["g5.xlarge"], "nodes": "1..4", "job": Job(image="trainer", command=("train",))}
)


def test_a_burst_brings_the_least_of_its_pool() -> None:
    assert sizing(POOL).nodes == 1


def test_a_job_on_several_nodes_brings_and_costs_as_many() -> None:
    one, three = sizing(POOL), sizing(POOL, 3)
    assert (three.nodes, three.hourly_usd) == (3, 3 * one.hourly_usd)
    assert three.words == "3 instances (g5.xlarge)"
