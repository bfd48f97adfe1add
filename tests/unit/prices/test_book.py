"""The price book: what it knows, and how it answers for accelerators."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import pytest

from tideform.prices.book import book


def test_every_type_has_a_price_and_a_shape() -> None:
    assert len(book().instances) == 237
    assert all(t.on_demand_usd > 0 and t.vcpus > 0 and t.memory_gib > 0 for t in book().instances.values())


@pytest.mark.parametrize("name", ["A10G", "a10g", "NVIDIA A10G", "nvidia a10g"])
def test_an_accelerator_is_found_however_it_is_written(name: str) -> None:
    assert book().resolve(name)[0].name == "g5.xlarge"


def test_types_come_cheapest_per_accelerator_first() -> None:
    types = book().resolve("L4")
    assert all(a.usd_per_accelerator <= b.usd_per_accelerator for a, b in pairwise(types))


def test_memory_is_the_least_of_one_accelerator() -> None:
    assert [t.name for t in book().resolve("A100", 80)] == ["p4de.24xlarge"]


def test_a_part_of_an_accelerator_is_none() -> None:
    assert not any(t.family in ("g6f", "gr6f") for t in book().resolve("L4"))


def test_unknown_accelerators_resolve_to_nothing_and_suggest_their_neighbours() -> None:
    assert book().resolve("A10") == []
    assert book().similar("A10")[0] == "A10G"


def test_misspelt_instance_types_get_a_suggestion() -> None:
    assert "c5.large" in book().similar_instances("c5.lrage")


def test_a_missing_spot_saving_is_not_a_free_ride() -> None:
    assert book().instances["g6f.large"].spot_usd is None


def test_monthly_service_prices_become_hourly_ones() -> None:
    assert book().services["kms:key"].hourly == pytest.approx(1 / 730)


def test_another_region_gets_a_note() -> None:
    assert "eu-west-1" in book().note_for("eu-west-1")
    assert book().note_for("us-east-1") == ""


def test_the_book_is_light() -> None:
    code = "import sys, tideform.prices.book; print({'boto3', 'pulumi', 'pydantic', 'typer'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
