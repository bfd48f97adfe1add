"""What AWS puts into the status reason of a job that stays RUNNABLE.

https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html
"""

from __future__ import annotations

from collections.abc import Sequence

from tideform_sandbox.services.batch.fleet import Fleet
from tideform_sandbox.services.batch.job import Job


def why_it_waits(job: Job, fleets: Sequence[Fleet]) -> str:
    """Why there is no place for a job; empty where it only has to wait for its turn."""
    one = job.nodes[0] if job.nodes else job
    if job.nodes and not any(fleet.resources.get("type") == "EC2" for fleet in fleets):
        return "MISCONFIGURATION:COMPUTE_ENVIRONMENT_TYPE - multi-node jobs run on on-demand instances only"
    if not any(fleet.could_ever_hold(one) for fleet in fleets):
        return "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - no instance type is large enough"
    return next((why for fleet in fleets if (why := fleet.problem or fleet.lack)), "")
