"""Why jobs wait on Batch though nothing is lacking: an environment that is being changed, or that is broken.

https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeEnvironmentDetail.html
"""

from __future__ import annotations

from tideform.backends.training.batch.in_account import ending
from tideform.reaper.base import Clients, Handle
from tideform.reaper.batch_states import WAITING


def why_stuck(clients: Clients, handle: Handle) -> str:
    """In words; empty where no job waits, or where every open environment takes jobs. Raises what boto3 raises."""
    if not any(job["status"] in WAITING for job in ending.jobs(clients, handle)):
        return ""
    opened = [one for one in ending.environments(clients, handle) if one["state"] == "ENABLED"]
    hindered = [one for one in opened if one["status"] != "VALID"]
    return "; ".join(
        f"the job waits: {one['computeEnvironmentName']} is {one['status']}"
        + (f" ({one['statusReason']})" if one.get("statusReason") else "")
        for one in hindered
    )
