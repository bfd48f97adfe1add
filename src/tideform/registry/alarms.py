"""What an alarm is: a measure of a pool or an endpoint, its bound, and why somebody should be told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, Protocol

from tideform.registry.entries import load
from tideform.spec.serving import Endpoint


@dataclass(frozen=True)
class Measure:
    """One CloudWatch alarm. ``statistic`` is a name or a percentile (``p99``), ``period`` is in seconds.

    It fires when ``datapoints`` of the last ``periods`` values are above ``threshold``; no data is no alarm.
    """

    why: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: str
    threshold: float
    period: int = 300
    periods: int = 3
    datapoints: int = 2


class PoolAlarm(Protocol):
    """An alarm of each training pool. ``rule`` is the name of the event rule that sees its failed jobs."""

    id: str
    watches: Literal["pool"]
    why: str

    def measure(self, rule: str) -> Measure:
        """What to measure for one pool."""
        ...


class EndpointAlarm(Protocol):
    """An alarm of each endpoint; with ``rolls_back`` it also takes a rollout back."""

    id: str
    watches: Literal["endpoint"]
    why: str
    rolls_back: bool

    def applies(self, endpoint: Endpoint) -> bool:
        """Whether this endpoint has what is measured."""
        ...

    def measure(self, endpoint_name: str, variant: str, endpoint: Endpoint) -> Measure:
        """What to measure for one endpoint."""
        ...


@cache
def alarms() -> Mapping[str, PoolAlarm | EndpointAlarm]:
    """All alarms by id, third parties' too."""
    return load("tideform.alarms", "tideform.alarms")


def pool_alarms() -> list[PoolAlarm]:
    """Those that every pool gets."""
    return [entry for entry in alarms().values() if entry.watches == "pool"]


def endpoint_alarms() -> list[EndpointAlarm]:
    """Those that endpoints get."""
    return [entry for entry in alarms().values() if entry.watches == "endpoint"]
