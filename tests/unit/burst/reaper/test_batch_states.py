"""The states of jobs on AWS Batch, held against its own list of them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.session import get_session

from tideform.reaper import batch_states


def test_every_state_of_a_job_that_batch_knows_is_ours() -> None:
    known: Any = get_session().get_service_model("batch").shape_for("JobStatus")
    assert sorted(batch_states.ALL) == sorted(known.enum)


@pytest.mark.parametrize(("number", "sizes"), [(0, []), (1, [1]), (100, [100]), (201, [100, 100, 1])])
def test_no_part_is_larger_than_one_answer(number: int, sizes: list[int]) -> None:
    assert [len(part) for part in batch_states.describable([str(one) for one in range(number)])] == sizes


def test_every_state_of_a_queue_but_those_of_its_end_can_be_asked_for_jobs() -> None:
    known: Any = get_session().get_service_model("batch").shape_for("JQStatus")
    asked = [status for status in known.enum if batch_states.lists_jobs([{"status": status}])]
    assert sorted(asked) == ["CREATING", "INVALID", "UPDATING", "VALID"]
