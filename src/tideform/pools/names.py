"""What a pool's parts are called: shared by the program that makes them and the burst that uses them.

A compute environment's name carries a hash of its inputs; a burst finds it through the queue.
"""

from __future__ import annotations

from dataclasses import dataclass

from tideform.spec.deployment import Deployment

_BATCH_LIMIT = 128  # characters; https://docs.aws.amazon.com/batch/latest/APIReference/API_CreateJobQueue.html


@dataclass(frozen=True)
class PoolNames:
    """The names of one pool on AWS Batch."""

    deployment: Deployment
    pool: str

    @property
    def job_queue(self) -> str:
        """A pool that was renamed keeps the queue it had."""
        return self.deployment.physical_name(self._made_as, limit=_BATCH_LIMIT)

    @property
    def job_definition(self) -> str:
        """Its newest active revision is the pool's."""
        return self.deployment.physical_name(self._made_as, limit=_BATCH_LIMIT)

    @property
    def _made_as(self) -> str:
        return self.deployment.identity("training", self.pool)
