"""A time-out is what was left of a lease: a job that ran into it has met its lease's end, and has not failed."""

from __future__ import annotations

import threading

import pytest

from tests.unit.burst.ec2.conftest import Desk
from tests.unit.burst.ec2.test_runner import come_to_an_end
from tests.unit.sandbox.waiting import until
from tideform.errors import RefusedError


def test_a_job_that_the_end_of_its_lease_ends_is_told_as_that(desk: Desk) -> None:
    lease, raised = desk.up(), list[RefusedError]()

    def run() -> None:
        with pytest.raises(RefusedError) as caught:
            desk.run(lease, "sh", "-c", "exec sleep 3000")
        raised.append(caught.value)

    job = threading.Thread(target=run)
    job.start()
    until(lambda: len(desk.runner.jobs()) == 1)
    desk.advance(31 * 60)
    come_to_an_end(desk, job)
    (told,) = raised[0].diagnostics
    assert (told.code, "were left of its lease as it began" in (told.detail or "")) == ("TD607", True)
