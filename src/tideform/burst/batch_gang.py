"""One job of several nodes on AWS Batch: followed by its main node, and begun again where a machine was lost.

Batch tries again when the main node loses its machine. When another one does, it takes no action, and the rest would
wait for that node for as long as the job may run: so the job is ended here, and all nodes begin again together.
https://docs.aws.amazon.com/batch/latest/userguide/job-lifecycle.html
"""

from __future__ import annotations

import time
from typing import Any

from tideform.burst.batch_jobs import BatchJobs, exit_code
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease
from tideform.burst.log_stream import LogTail
from tideform.burst.reaper.endings import batch as ending
from tideform.burst.runner import OnLog, Work

_TRIES = 5
_LOST = "Host EC2"  # how the reason of a node begins whose machine is gone


def run_gang(jobs: BatchJobs, lease: Lease, work: Work, on_log: OnLog, halt: Halt, *, rest: int) -> int:
    """Submit, follow, and return the main node's exit code."""
    over = time.monotonic() + rest
    for again in range(_TRIES):
        job_id = jobs.submit_nodes(lease, work, int(over - time.monotonic()))
        job, lost = _follow(jobs, job_id, on_log, halt)
        if not lost or again == _TRIES - 1:
            return exit_code(job)
        on_log(f"tideform: {lost} lost its machine; all nodes begin again")
    raise AssertionError("the last try returns")


def _follow(jobs: BatchJobs, job_id: str, on_log: OnLog, halt: Halt) -> tuple[dict[str, Any], str]:
    """The job once it is over, with its main node's container, and which node lost its machine, if that ended it."""
    tail, lost = LogTail(jobs.cloud, on_log), ""
    while True:
        job, main = jobs.describe(job_id), jobs.describe(f"{job_id}#0")
        tail.follow(main.get("container", {}))
        over = job["status"] in ("SUCCEEDED", "FAILED")
        if job["status"] != "SUCCEEDED" and not lost and (lost := _lost_node(jobs, job_id)) and not over:
            ending.terminate(jobs.cloud, job_id)
        if over:
            tail.finish(halt, jobs.poll)
            return {**job, "container": main.get("container", {})}, lost if job["status"] == "FAILED" else ""
        halt.check()
        halt.wait(jobs.poll)


def _lost_node(jobs: BatchJobs, job_id: str) -> str:
    """Which node other than the main one is without a machine."""
    pages = jobs.cloud.client("batch").get_paginator("list_jobs").paginate(multiNodeJobId=job_id, jobStatus="FAILED")
    for page in pages:
        for node in page["jobSummaryList"]:
            place = node["jobId"].rpartition("#")[2]
            if place != "0" and str(node.get("statusReason", "")).startswith(_LOST):
                return f"node {place}"
    return ""
