"""What a pool's backend remembers of its jobs, asked from here: with a way of its runner's where that has one."""

from __future__ import annotations

from collections.abc import Container

from tideform.burst.runner import Runner, cloud_errors
from tideform.cloud import Cloud
from tideform.reaper.base import Handle
from tideform.reaper.history import remembered
from tideform.reaper.history.base import JobRecord


def remembered_jobs(
    cloud: Cloud, runner: Runner, handle: Handle, pool: str, since: float = 0.0, leases: Container[str] | None = None
) -> list[JobRecord]:
    """Every job, or those of some leases. Raises `CloudError` where a service refuses."""
    own = runner.remembered(leases)
    if own is not None:
        return own
    with cloud_errors(f"the jobs of {pool} were looked up"):
        return remembered(handle["backend"]).jobs(cloud, handle, since, leases=leases)
