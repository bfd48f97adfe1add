from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.sandbox.market.machines import Machines
from tideform.cloud import Cloud
from tideform.paths import Workspace


@pytest.fixture
def machines(cloud: Cloud, workspace: Workspace) -> Iterator[Machines]:
    """The sandbox's machines, in a market that lacks nothing; all are ended after the test."""
    made = Machines(cloud, workspace)
    made.script(clear=True)
    yield made
    made.script(clear=True)
    answer = made.ec2.describe_instances(Filters=[{"Name": "instance-state-name", "Values": ["running", "pending"]}])
    if ids := [one["InstanceId"] for r in answer["Reservations"] for one in r["Instances"]]:
        made.end(*ids)
