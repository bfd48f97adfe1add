"""What fits into the overrides of a Batch job, and into a definition."""

from __future__ import annotations

import pytest

from tideform.backends.training.batch.job_size import can_be_defined, can_be_overridden


@pytest.mark.parametrize(("characters", "fits"), [(7_000, True), (7_200, False)])
def test_overrides_are_counted_as_json_with_room_for_what_batch_adds(characters: int, fits: bool) -> None:
    assert can_be_overridden({"command": ["x" * characters]}) is fits


def test_variables_and_marks_of_json_count_as_well() -> None:
    many = [{"name": f"V{n}", "value": '"'} for n in range(250)]
    assert not can_be_overridden({"command": ["true"], "environment": many})


@pytest.mark.parametrize(("characters", "fits"), [(18_000, True), (18_500, False)])
def test_a_definition_has_room_for_more(characters: int, fits: bool) -> None:
    assert can_be_defined({"command": ["x" * characters]}) is fits
