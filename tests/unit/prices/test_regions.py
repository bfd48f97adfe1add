"""Which regions have a type: known, known not, or not known."""

from __future__ import annotations

import pytest

from tideform.prices.book import book
from tideform.prices.regions import has, regions_with


@pytest.mark.parametrize(
    ("region", "kind", "found"),
    [
        ("us-east-1", "p5.48xlarge", True),
        ("us-east-2", "p5e.48xlarge", True),
        ("us-east-1", "p5e.48xlarge", False),
        ("us-east-1", "ml.p5e.48xlarge", False),
        ("cn-north-1", "p5.48xlarge", None),
        ("us-east-1", "p9.48xlarge", None),
    ],
)
def test_what_is_known_of_a_region(region: str, kind: str, found: bool | None) -> None:
    assert has(region, kind) is found


def test_every_type_of_the_book_is_in_its_region() -> None:
    assert [name for name in book().instances if has("us-east-1", name) is not True] == []


def test_every_type_without_a_price_is_somewhere() -> None:
    assert [name for name in book().unpriced if not regions_with(name)] == []


def test_a_type_without_a_price_is_reckoned_dearer_than_its_like() -> None:
    other, like = book().known("p5e.48xlarge"), book().known("p5.48xlarge")
    assert other is not None
    assert like is not None
    assert not other.priced
    assert other.on_demand_usd > like.on_demand_usd


def test_no_type_has_a_price_and_none() -> None:
    assert set(book().instances) & set(book().unpriced) == set()
