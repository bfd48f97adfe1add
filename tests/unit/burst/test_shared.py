"""What is said to a burst that joins others: true of the backend that the pool is on."""

from __future__ import annotations

import pytest

from tests.unit.burst.conftest import lease_of
from tideform.burst.lease import PoolRecord
from tideform.burst.runner import Job
from tideform.burst.shared import shared_words
from tideform.spec.deployment import Deployment


@pytest.mark.parametrize(
    ("backend", "what"), [("ec2", "on the same machines"), ("batch", "waits for one"), ("sagemaker", "waits for one")]
)
def test_whether_jobs_wait_for_machines_or_share_them_is_said(deployment: Deployment, backend: str, what: str) -> None:
    record = PoolRecord("fit", leases=(lease_of(deployment, id="theirs"),), handle={"backend": backend})
    theirs = Job("job-1", "fit-theirs", "RUNNING", "theirs")
    assert what in shared_words(record, "mine", [theirs], 2)
