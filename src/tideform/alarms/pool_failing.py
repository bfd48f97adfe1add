"""Jobs of a pool fail one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tideform.registry.alarms import Measure


@dataclass(frozen=True)
class PoolFailing:
    """One failed job is somebody's bug; several within the hour are a broken image, dataset or quota."""

    id: str = "pool-failing"
    watches: Literal["pool"] = "pool"
    why: str = "Three jobs of the pool failed within an hour: every further one costs money for nothing."

    def measure(self, rule: str) -> Measure:
        """Batch has no metric of failed jobs; the rule that reports each of them is counted instead.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
        """
        return Measure(
            why=self.why,
            namespace="AWS/Events",
            metric="TriggeredRules",
            dimensions={"RuleName": rule},
            statistic="Sum",
            threshold=2,
            period=3600,
            periods=1,
            datapoints=1,
        )


ENTRY = PoolFailing()
