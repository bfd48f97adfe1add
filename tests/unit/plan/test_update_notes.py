"""What an update does to the work that is going on."""

from __future__ import annotations

import pytest

from tideform.model.planned import Action, PlannedResource
from tideform.plan.update_notes import update_note

COMPUTE = "aws:batch/computeEnvironment:ComputeEnvironment"
ENDPOINT = "aws:sagemaker/endpoint:Endpoint"


@pytest.mark.parametrize(
    ("kind", "action", "words"),
    [
        (COMPUTE, Action.REPLACE, "drains first"),
        (COMPUTE, Action.UPDATE, ""),
        (ENDPOINT, Action.UPDATE, "drains first"),
        (ENDPOINT, Action.REPLACE, "calls fail"),
        ("aws:batch/jobQueue:JobQueue", Action.DELETE, "are ended"),
        ("aws:s3/bucket:Bucket", Action.REPLACE, ""),
    ],
)
def test_only_what_interrupts_work_is_told(kind: str, action: Action, words: str) -> None:
    note = update_note(PlannedResource("p", kind, "n", action, {}, {}))
    assert words in note if words else note == ""
