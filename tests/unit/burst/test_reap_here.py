"""The reaper's round, run from here."""

from __future__ import annotations

import pytest

from tideform.burst.reap_here import reap_here
from tideform.burst.table_errors import NoTableError
from tideform.cloud import Cloud
from tideform.spec.deployment import Deployment


def test_a_round_without_a_table_says_that_there_is_none(cloud: Cloud, deployment: Deployment) -> None:
    with pytest.raises(NoTableError) as caught:
        reap_here(cloud, deployment)
    assert "There is no lease table demo-dev-leases" in caught.value.diagnostics[0].detail
