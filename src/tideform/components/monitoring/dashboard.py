"""One page on which a team sees its pools and endpoints."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tideform.components.monitoring.job_events import rule_name
from tideform.components.scope import Scope

_WIDTH, _HEIGHT, _COLUMNS = 12, 6, 2


def dashboard_body(scope: Scope, pools: Iterable[str], endpoints: Iterable[str], variant: str) -> str:
    """The dashboard's JSON, two graphs a row.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    graphs = [_failed(scope, pool) for pool in pools]
    for endpoint in endpoints:
        graphs += _traffic(scope, scope.name(endpoint), variant)
    return json.dumps({"widgets": [_placed(place, graph) for place, graph in enumerate(graphs)]})


def _failed(scope: Scope, pool: str) -> dict[str, Any]:
    metric = ["AWS/Events", "TriggeredRules", "RuleName", rule_name(pool, scope)]
    return _graph(scope, f"{pool}: failed jobs", "Sum", [metric])


def _traffic(scope: Scope, endpoint: str, variant: str) -> list[dict[str, Any]]:
    def metrics(*names: str) -> list[list[str]]:
        place = ["EndpointName", endpoint, "VariantName", variant]
        return [["AWS/SageMaker", name, *place] for name in names]

    calls = metrics("Invocations", "Invocation4XXErrors", "Invocation5XXErrors")
    return [
        _graph(scope, f"{endpoint}: calls and errors", "Sum", calls),
        _graph(scope, f"{endpoint}: latency (µs)", "p99", metrics("ModelLatency", "OverheadLatency")),
    ]


def _graph(scope: Scope, title: str, stat: str, metrics: list[list[str]]) -> dict[str, Any]:
    properties = {"title": title, "region": scope.region, "stat": stat, "period": 300, "metrics": metrics}
    return {"type": "metric", "properties": {**properties, "view": "timeSeries"}}


def _placed(place: int, graph: dict[str, Any]) -> dict[str, Any]:
    row, column = divmod(place, _COLUMNS)
    return {"x": column * _WIDTH, "y": row * _HEIGHT, "width": _WIDTH, "height": _HEIGHT, **graph}
