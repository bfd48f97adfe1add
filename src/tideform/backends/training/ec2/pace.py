"""How often a burst on EC2 looks, and how patient it is."""

from __future__ import annotations

from dataclasses import dataclass

from tideform.spec.deployment import Deployment


@dataclass(frozen=True)
class Pace:
    """In seconds: between two looks, and how long one rung of the ladder may take to bring the machines.

    ``settle``: after a job failed, until its machine's end, if that was the cause, is certain to be told of.
    """

    poll: float = 5.0
    start: float = 600.0
    settle: float = 15.0

    @classmethod
    def of(cls, deployment: Deployment) -> Pace:
        """The sandbox answers at once; AWS throttles those who ask too often."""
        return cls(poll=0.2, start=30.0, settle=0.0) if deployment.target == "local" else cls()
