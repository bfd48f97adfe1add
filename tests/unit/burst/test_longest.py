"""The longest lease is one figure: the reaper imports nothing of the spec's, and goes by what the spec is held to."""

from __future__ import annotations

from tideform.backends.training.ec2.names import LONGEST_RUN
from tideform.reaper.longest import LONGEST, LONGEST_COMMAND
from tideform.spec.limits import LONGEST_LEASE


def test_the_reaper_bounds_leases_as_the_spec_does() -> None:
    assert LONGEST_LEASE.seconds == LONGEST


def test_the_reaper_bounds_leases_on_ec2_as_the_catalogue_does() -> None:
    assert LONGEST_RUN == LONGEST_COMMAND
