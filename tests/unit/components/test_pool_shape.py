"""From a pool's words to machines."""

from __future__ import annotations

from typing import Any

import pytest

from tideform.errors import TideformError
from tideform.pools.shape import PoolShape, shape_of
from tideform.prices.book import book
from tideform.spec.training import Pool

JOB = {"image": "i", "command": ["true"]}


def shape(**words: Any) -> PoolShape:
    return shape_of(Pool(**{"job": JOB, **words}))


def test_types_and_nodes_as_written() -> None:
    found = shape(instance_types=["c5.large", "c5.xlarge"], nodes="2..6")
    assert found.instance_types == ["c5.large", "c5.xlarge"]
    assert (found.nodes, found.vcpus, found.max_vcpus) == (6, 2, 12)


def test_one_instance_where_no_number_is_given() -> None:
    assert shape(instance_types=["c5.large"]).nodes == 1


def test_a_job_leaves_memory_to_the_system() -> None:
    assert shape(instance_types=["c5.large"]).memory_mib == 3430  # of 4096


def test_single_accelerators_make_single_accelerator_nodes() -> None:
    found = shape(accelerator={"name": "A10G", "count": "1..32"})
    assert found.accelerators == 1
    assert found.nodes == 32
    assert found.instance_types[0] == "g5.xlarge"


def test_the_smallest_burst_fits_one_machine_where_it_can() -> None:
    found = shape(accelerator={"name": "A10G", "count": "4..16"})
    assert found.accelerators == 4
    assert found.nodes == 4


def test_where_there_are_only_large_machines_one_of_them_serves() -> None:
    found = shape(accelerator={"name": "A100", "count": 1})
    assert found.accelerators == 8
    assert found.nodes == 1


def test_the_makers_name_and_case_do_not_matter() -> None:
    assert shape(accelerator={"name": "nvidia a10g"}).instance_types[0] == "g5.xlarge"


def test_the_cheapest_comes_first_and_few_are_enough() -> None:
    found = shape(accelerator={"name": "L4"})
    prices = [t.on_demand_usd for t in found.types]
    assert prices == sorted(prices)
    assert len(prices) <= 4


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({}, "TD203"),
        ({"instance_types": ["c5.lage"]}, "TD204"),
        ({"accelerator": {"name": "A10Q"}}, "TD204"),
        ({"accelerator": {"name": "T4", "memory": "900GiB"}}, "TD214"),
        ({"instance_types": ["g5.xlarge"], "interconnect": "efa"}, "TD215"),
        ({"instance_types": ["c5.large", "c7g.large"]}, "TD205"),
    ],
)
def test_words_that_name_no_machine(words: dict[str, Any], code: str) -> None:
    with pytest.raises(TideformError) as caught:
        shape(**words)
    assert [d.code for d in caught.value.diagnostics] == [code]


def test_a_slip_gets_a_suggestion() -> None:
    with pytest.raises(TideformError) as caught:
        shape(instance_types=["c5.lage"])
    assert "c5.large" in caught.value.diagnostics[0].fix


def test_each_type_that_has_the_accelerator_is_used_or_left_out_with_a_reason() -> None:
    found = shape(accelerator={"name": "A10G", "count": "1..32"})
    left_out = {one.name: one.why for one in found.left_out}
    assert {t.name for t in book().resolve("A10G")} == set(left_out) | set(found.instance_types)
    assert left_out["g5.48xlarge"].startswith("it has 8")
    assert "cheaper" in left_out["g5.16xlarge"]


def test_memory_leaves_smaller_accelerators_out_and_says_what_they_have() -> None:
    found = shape(accelerator={"name": "A100", "count": 8, "memory": "60GiB"})
    assert found.instance_types == ["p4de.24xlarge"]
    assert [one.name for one in found.left_out] == ["p4d.24xlarge"]
    assert "and 60 GiB are wanted" in found.left_out[0].why


def test_each_node_of_a_job_gets_its_share_of_the_accelerators() -> None:
    found = shape(accelerator={"name": "A10G", "count": 8}, job={**JOB, "nodes": 2})
    assert (found.accelerators, found.nodes) == (4, 2)


def test_efa_leaves_machines_without_it_out() -> None:
    found = shape(accelerator={"name": "A10G", "count": 1}, interconnect="efa")
    assert found.types
    assert all(t.efa for t in found.types)
