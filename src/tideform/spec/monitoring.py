"""``monitoring:`` whom to tell, and what to watch."""

from __future__ import annotations

from typing import Annotated

from tideform.spec.base import REPLACE, Model, Name, about
from tideform.spec.quantities import Duration


class Notify(Model):
    """One receiver of alarms: exactly one of the three."""

    email: Annotated[str | None, about("A mailbox; it has to confirm once.", REPLACE)] = None
    sqs: Annotated[str | None, about("The ARN of a queue.", REPLACE)] = None
    https: Annotated[str | None, about("A URL that takes SNS messages.", REPLACE)] = None


class Drift(Model):
    """A comparison of an endpoint's traffic with a baseline, and the pool that retrains."""

    endpoint: Annotated[Name, about("The endpoint whose traffic is watched.")]
    baseline: Annotated[Name, about("The store of kind dataset that it is compared with.")]
    every: Annotated[Duration, about("How often, from 1h to 24h.")] = Duration.parse("1h")
    retrain: Annotated[Name | None, about("The pool whose job runs when there is drift.")] = None


class Monitoring(Model):
    """Topic, dashboard and alarms; alarms come from the catalogue."""

    notify: Annotated[tuple[Notify, ...], about("Who hears of alarms.")] = ()
    drift: Annotated[Drift | None, about("What to watch for drift.")] = None
