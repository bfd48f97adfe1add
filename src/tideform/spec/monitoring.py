"""``monitoring:`` whom to tell, and what to watch."""

from __future__ import annotations

from tideform.spec.base import Model, Name
from tideform.spec.quantities import Duration


class Notify(Model):
    """One receiver of alarms."""

    email: str | None = None
    sqs: str | None = None  # a queue's ARN
    https: str | None = None


class Drift(Model):
    """A comparison of an endpoint's traffic with a baseline, and the pool that retrains."""

    endpoint: Name
    baseline: Name
    every: Duration = Duration.parse("1h")
    retrain: Name | None = None


class Monitoring(Model):
    """Topic, dashboard and alarms; alarms come from the catalogue."""

    notify: tuple[Notify, ...] = ()
    drift: Drift | None = None
