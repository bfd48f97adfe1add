"""Typed quantities: what is written comes back, and what is none is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tideform.spec.quantities import Count, Duration, Money, Percent, Quantity, Size

GOOD = [
    (Duration, "20m"),
    (Duration, "7y"),
    (Duration, "90s"),
    (Size, "80GiB"),
    (Money, "300 USD"),
    (Money, "0.50 USD"),
    (Percent, "0%"),
    (Percent, "100%"),
    (Count, "4"),
    (Count, "1..32"),
]
BAD = [
    (Duration, ["0m", "-1h", "1.5h", "1 h", "h", "1H", "9999999d", "", "\u0661h"]),
    (Size, ["0GiB", "80GB", "80", "1e3GiB"]),
    (Money, ["300", "300 EUR", "USD", "-1 USD", "1.234 USD", "1e9 USD"]),
    (Percent, ["101%", "10", "-1%", "1.5%"]),
    (Count, ["0", "2..1", "0..4", "1...4", "a", "1..", "999999"]),
]


@pytest.mark.parametrize(("kind", "text"), GOOD)
def test_what_is_written_comes_back(kind: type[Quantity], text: str) -> None:
    assert str(kind.parse(text)) == text


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in BAD for text in texts])
def test_what_is_no_quantity_is_refused(kind: type[Quantity], text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|a range runs"):
        kind.parse(text)


@pytest.mark.parametrize("value", [None, True, 1.5, [], {}])
@pytest.mark.parametrize("kind", [Duration, Size, Money, Percent, Count])
def test_other_types_are_refused(kind: type[Quantity], value: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        kind.parse(value)


def test_a_duration_is_said_in_several_units() -> None:
    assert (Duration(3 * 86400 + 3660).words, Duration.parse("30m").words) == ("3d 1h 1m", "30m")


@given(st.integers(1, 999_999), st.sampled_from("smhdwy"))
def test_a_duration_is_written_as_short_as_it_can_be(number: int, unit: str) -> None:
    duration = Duration.parse(f"{number}{unit}")
    assert str(duration)[-1] in "ywdhms"
    assert Duration.parse(str(duration)) == duration
