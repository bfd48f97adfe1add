"""Regions lack types, and prices are not known everywhere: both are told, and stop nobody."""

from __future__ import annotations

from typing import Any

import pytest

from tideform.pools.regions import place_problems
from tideform.pools.shape import shape_of, shape_problems
from tideform.spec.training import Pool

JOB = {"image": "trainer", "command": ["true"], "outputs": ["models"]}


def pool(**words: Any) -> Pool:
    return Pool.model_validate({"job": JOB, **words})


def codes(region: str, **words: Any) -> list[str]:
    one = pool(**words)
    return [found.code for found in place_problems("training.p", one, shape_of(one), region)]


@pytest.mark.parametrize(
    ("region", "kind", "told"),
    [
        ("us-east-1", "p5.48xlarge", []),
        ("cn-north-1", "p5.48xlarge", ["TD186"]),
        ("us-east-2", "p5e.48xlarge", ["TD184"]),
        ("us-east-1", "p5e.48xlarge", ["TD185", "TD184"]),
        ("eu-west-3", "p5.48xlarge", ["TD185"]),
    ],
)
def test_what_is_told_of_a_type(region: str, kind: str, told: list[str]) -> None:
    assert codes(region, instance_types=[kind]) == told
    assert codes(region, backend="sagemaker", instance_types=[f"ml.{kind}"]) == told


def test_an_accelerator_that_only_other_regions_have_is_found() -> None:
    assert [t.name for t in shape_of(pool(accelerator={"name": "Trainium2"})).types] == ["trn2.3xlarge"]


@pytest.mark.parametrize("words", [{"instance_types": ["zz9.large"]}, {"accelerator": {"name": "Abacus"}}])
def test_what_nobody_knows_gets_a_fix_that_exists(words: dict[str, Any]) -> None:
    [found] = shape_problems("p", pool(**words))
    assert found.code == "TD204"
    assert "explain" not in found.fix
    assert found.fix
