"""How busy machines are, as CloudWatch has seen it: for work that no service of AWS's started.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tideform.burst.reaper.base import Clients

_FLOOR = 10.0  # per cent of its CPUs; a machine at rest is below two
_WINDOW = 900.0  # seconds: basic monitoring has a value every five minutes, some minutes late
_PERIOD = 300
_AT_ONCE = 500  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html


def busiest(clients: Clients, ids: Sequence[str], now: float) -> float | None:
    """The busiest machine's CPU utilisation lately, in per cent; None where CloudWatch has seen none of them."""
    if not ids:
        return None
    queries = [_query(number, identity) for number, identity in enumerate(ids[:_AT_ONCE])]
    began, ends = datetime.fromtimestamp(now - _WINDOW, UTC), datetime.fromtimestamp(now, UTC)
    pages = clients.client("cloudwatch").get_paginator("get_metric_data")
    found = [
        float(value)
        for page in pages.paginate(MetricDataQueries=queries, StartTime=began, EndTime=ends)
        for result in page["MetricDataResults"]
        for value in result["Values"]
    ]
    return max(found, default=None)


def at_work(clients: Clients, ids: Sequence[str], now: float, *, unseen: bool) -> bool:
    """Whether any of them is above what a machine at rest has; ``unseen`` where CloudWatch has no value."""
    seen = busiest(clients, ids, now)
    return unseen if seen is None else seen >= _FLOOR


def _query(number: int, identity: str) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/EC2",
        "MetricName": "CPUUtilization",
        "Dimensions": [{"Name": "InstanceId", "Value": identity}],
    }
    return {"Id": f"m{number}", "MetricStat": {"Metric": metric, "Period": _PERIOD, "Stat": "Maximum"}}
