"""One look at a pool for those who watch it: its status, its accelerators, how busy they are, what an hour costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from tideform.burst.lease import State
from tideform.burst.runner import Instance, cloud_errors
from tideform.burst.status import JOBS, MACHINES, PoolStatus, pool_status
from tideform.cloud import Cloud
from tideform.prices.book import book
from tideform.spec.deployment import Deployment
from tideform.unasked import Unasked, ask

UTILISATION: Final = "utilisation"  # the part that CloudWatch tells
_WINDOW = timedelta(minutes=15)  # EC2 tells its metrics every five minutes
_MOST = 100  # machines that are asked for
# Name in the view, namespace and metric. The second one comes from the CloudWatch agent, where an image has it:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-NVIDIA-GPU.html
_METRICS = (("processors", "AWS/EC2", "CPUUtilization"), ("accelerators", "CWAgent", "nvidia_smi_utilization_gpu"))


@dataclass(frozen=True)
class Watched:
    """A pool at one moment. ``utilisation`` in per cent, for what the metrics tell.

    ``hourly_usd`` is at list price and of the machines that are told, None where nobody knows of any.
    """

    pool: str
    status: PoolStatus
    accelerators: int
    utilisation: Mapping[str, float]
    hourly_usd: Decimal | None
    unmeasured: tuple[Unasked, ...] = ()

    @property
    def unasked(self) -> tuple[Unasked, ...]:
        """What could not be asked of the pool and of its metrics."""
        return (*self.status.unasked, *self.unmeasured)

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Types of machines of which no price is known: no sum has them."""
        there = {node.type for node in self.status.instances if book().known(node.type) is None}
        return tuple(sorted(there.union(self.status.unpriced)))

    @property
    def over(self) -> bool:
        """Whether nothing is left to watch: nobody holds the pool, and all who would know say that nothing runs."""
        status = self.status
        heard = status.asked(MACHINES) and status.asked(JOBS)
        return status.state is State.IDLE and heard and not status.instances

    @property
    def marks(self) -> tuple[object, ...]:
        """What makes a change worth a line: neither time nor money, which change always."""
        record = self.status.record
        leases = tuple((lease.id, lease.deadline) for lease in record.leases)
        jobs = tuple(sorted((job.id, job.status) for job in self.status.jobs))
        nodes = tuple(sorted((node.id, node.state) for node in self.status.instances))
        return record.state, leases, jobs, nodes, tuple(one.what for one in self.status.unasked)  # reasons have ids


def look(cloud: Cloud, deployment: Deployment, pool: str, now: float) -> Watched:
    """Ask the table, the backend and CloudWatch."""
    status = pool_status(cloud, deployment, pool, now)
    known = [kind for node in status.instances if (kind := book().known(node.type)) is not None]
    nothing: dict[str, float] = {}
    utilisation, unmeasured = ask(UTILISATION, lambda: _utilisation(cloud, status.instances), nothing)
    return Watched(
        pool=pool,
        status=status,
        accelerators=sum(kind.accelerators for kind in known),
        utilisation=utilisation,
        hourly_usd=status.hourly_usd,
        unmeasured=unmeasured,
    )


def _utilisation(cloud: Cloud, instances: Sequence[Instance]) -> dict[str, float]:
    """The average over the machines of the latest value that CloudWatch has; what it does not have is left out.

    Raises `CloudError`.
    """
    ids = [node.id for node in instances if node.id.startswith("i-")][:_MOST]
    if not ids:
        return {}
    queries = [
        _query(f"{name}{place}", namespace, metric, instance)
        for name, namespace, metric in _METRICS
        for place, instance in enumerate(ids)
    ]
    now = datetime.now(UTC)
    with cloud_errors("the metrics were looked at"):
        answer = cloud.client("cloudwatch").get_metric_data(
            MetricDataQueries=queries, StartTime=now - _WINDOW, EndTime=now, ScanBy="TimestampDescending"
        )
    found: dict[str, list[float]] = {}
    for result in answer["MetricDataResults"]:
        if result["Values"]:
            found.setdefault(result["Id"].rstrip("0123456789"), []).append(result["Values"][0])
    return {name: sum(values) / len(values) for name, values in found.items()}


def _query(name: str, namespace: str, metric: str, instance: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html"""
    told = {"Namespace": namespace, "MetricName": metric, "Dimensions": [{"Name": "InstanceId", "Value": instance}]}
    return {"Id": name, "MetricStat": {"Metric": told, "Period": 300, "Stat": "Average"}}
