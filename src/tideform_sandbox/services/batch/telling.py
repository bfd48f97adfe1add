"""Tells the event bus what becomes of jobs.

https://docs.aws.amazon.com/batch/latest/userguide/batch_cwe_events.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tideform_sandbox.services.batch.job import Job, array_status, details
from tideform_sandbox.world import World


class Telling:
    """Remembers what was told of each job. The plane's lock guards it."""

    def __init__(self, backend: Any, world: World) -> None:
        self._bus = world.bus
        self._place = {"account": backend.account_id, "region": backend.region_name}
        self._told: dict[str, str] = {}

    def look(self, jobs: Iterable[Job]) -> None:
        """Put an event on the bus for each job whose status has changed; nodes are parts of their job."""
        for job in jobs:
            status = array_status(job)
            if job.node is None and self._told.get(job.id) != status:
                self._told[job.id] = status
                self._bus.publish(
                    "aws.batch", "Batch Job State Change", details(job), resources=[job.arn], **self._place
                )
