"""Whether machines work, by their CPUs as CloudWatch has seen them: for work that no service of AWS's started.

Work on an accelerator may keep a single core busy, which is little of a large machine: half a core counts.
What accelerators do is not asked: no image of a pool sends it, and EC2 knows nothing of it by itself.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from tideform.reaper.base import Clients, Node

_HALF_A_CORE = 50.0  # per cent of one CPU
_UNTOLD, _WORK = 2.0, 10.0  # per cent of all CPUs: where nobody tells how many there are, and of the smallest machines
_WINDOW = 900.0  # seconds: basic monitoring has a value every five minutes, some minutes late
_PERIOD = 300
_ID = "m"  # how a query's id begins: with a small letter
_AT_ONCE = 500  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html


def at_work(clients: Clients, machines: Sequence[Node], now: float, *, unseen: bool) -> bool:
    """Whether any of them is above what it has at rest; ``unseen`` where CloudWatch has no value of any."""
    seen = False
    for start in range(0, len(machines), _AT_ONCE):
        for machine, percent in _utilisation(clients, machines[start : start + _AT_ONCE], now):
            seen = True
            if percent >= _floor(machine.cpus):
                return True
    return bool(machines) and unseen and not seen


def _floor(cpus: int) -> float:
    """From which utilisation in per cent a machine works. CloudWatch tells fractions: half a core of 192 is 0.26."""
    return min(_WORK, _HALF_A_CORE / cpus) if cpus else _UNTOLD


def _utilisation(clients: Clients, machines: Sequence[Node], now: float) -> Iterator[tuple[Node, float]]:
    """Each value of the last quarter of an hour, with its machine; of 500 at most, as one request takes no more."""
    queries = [_query(number, machine.id) for number, machine in enumerate(machines)]
    began, ends = datetime.fromtimestamp(now - _WINDOW, UTC), datetime.fromtimestamp(now, UTC)
    pages = clients.client("cloudwatch").get_paginator("get_metric_data")
    for page in pages.paginate(MetricDataQueries=queries, StartTime=began, EndTime=ends):
        for result in page["MetricDataResults"]:
            for value in result["Values"]:
                yield machines[int(result["Id"].removeprefix(_ID))], float(value)


def _query(number: int, identity: str) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/EC2",
        "MetricName": "CPUUtilization",
        "Dimensions": [{"Name": "InstanceId", "Value": identity}],
    }
    return {"Id": f"{_ID}{number}", "MetricStat": {"Metric": metric, "Period": _PERIOD, "Stat": "Maximum"}}
