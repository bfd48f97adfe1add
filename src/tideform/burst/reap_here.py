"""The reaper's own round, run once from here instead of by its schedule: the same code, with our credentials."""

from __future__ import annotations

import time
from typing import Any

from tideform.burst.runner import cloud_errors
from tideform.burst.table_errors import telling_no_table
from tideform.cloud import Cloud
from tideform.components.reaper.plan import handles, variables
from tideform.components.scope import Scope
from tideform.reaper.settings import Settings
from tideform.reaper.sweep import Round
from tideform.spec.deployment import Deployment

_PATIENCE = 120.0  # seconds for what answers 'not yet'


def reap_here(cloud: Cloud, deployment: Deployment, *, at_once: bool = False) -> dict[str, Any]:
    """One round; returns what it did and what failed, as its heartbeat says it.

    Raises `CloudError`, and `NoTableError` TD601 where there is no table to write that to, once all else is done.

    ``at_once`` gives machines without a lease no grace: whoever asks for that has been told.
    """
    scope = Scope(deployment, "foundation")
    told = {name: value for name, value in variables(scope).items() if name not in ("TOPIC", "RESERVED")}
    settings = Settings.of({**told, **({"UNHELD_GRACE": "0"} if at_once else {})}, handles(deployment))
    until = time.monotonic() + _PATIENCE
    with cloud_errors("the reaper's round was run"), telling_no_table(settings.table):
        return Round(cloud, settings, cloud.clock, lambda: until - time.monotonic()).run()
