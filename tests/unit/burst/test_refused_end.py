"""What a destroy that is refused for a burst names to end it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.unit.burst.conftest import lease_of
from tideform.burst.lease import Mode
from tideform.burst.table import LeaseTable
from tideform.errors import RefusedError
from tideform.operations.changing import refuse_living_leases
from tideform.process import user
from tideform.spec.deployment import Deployment


@pytest.mark.parametrize(
    ("mode", "owner", "command"),
    [
        (Mode.JOB, "else@here", "jobs cancel fit-{}"),
        (Mode.SCHEDULE, "else@here", "jobs cancel fit-{}"),
        (Mode.RUN, "else@here", "burst down fit --all"),
        (Mode.UP, "else@here", "burst down fit --all"),
        (Mode.UP, user(), "burst down fit"),
    ],
)
def test_the_command_that_ends_the_least_is_named(
    table: LeaseTable, deployment: Deployment, mode: Mode, owner: str, command: str
) -> None:
    lease = lease_of(deployment, mode, owner=owner)
    table.acquire(lease)
    with pytest.raises(RefusedError) as caught:
        refuse_living_leases(cast(Any, SimpleNamespace(cloud=table.cloud, deployment=deployment)))
    assert [said.fix for said in caught.value.diagnostics] == [f"End it first: `tideform {command}`.".format(lease.id)]
