"""Time zones that EventBridge Scheduler knows, whatever this machine has."""

from __future__ import annotations

import pytest

from tideform.spec.time_zones import time_zones
from tideform_sandbox.services.scheduler.expressions import BadExpressionError, following

NO_ZONES = ["Factory", "localtime", "posixrules", "posix/Europe/Berlin", "right/UTC", "Mars/Base", "", "../etc/passwd"]


@pytest.mark.parametrize("name", NO_ZONES)
def test_names_of_no_place_are_no_time_zones(name: str) -> None:
    assert name not in time_zones()


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Ushuaia", "US/Eastern", "Etc/GMT-14"])
def test_the_ianas_names_and_aliases_are(name: str) -> None:
    assert name in time_zones()


@pytest.mark.parametrize("name", NO_ZONES)
def test_the_sandbox_refuses_what_the_spec_does(name: str) -> None:
    with pytest.raises(BadExpressionError, match="no time zone"):
        following("cron(0 2 * * ? *)", 0.0, zone=name)
