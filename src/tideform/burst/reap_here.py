"""The reaper's own round, run once from here instead of by its schedule: the same code, with our credentials."""

from __future__ import annotations

import time
from typing import Any

from tideform.burst.month import hard_stop
from tideform.burst.reaper.settings import Settings
from tideform.burst.reaper.sweep import Round
from tideform.burst.runner import cloud_errors
from tideform.cloud import Cloud
from tideform.spec.deployment import Deployment

_PATIENCE = 120.0  # seconds for what answers 'not yet'


def reap_here(cloud: Cloud, deployment: Deployment) -> dict[str, Any]:
    """One round; returns what it did and what failed, as its heartbeat says it. Raises `CloudError`."""
    spec, stop = deployment.spec, hard_stop(deployment)
    settings = Settings(deployment.physical_name("leases"), spec.project, deployment.environment, budget_usd=stop)
    until = time.monotonic() + _PATIENCE
    with cloud_errors("the reaper's round was run"):
        return Round(cloud, settings, cloud.clock, lambda: until - time.monotonic()).run()
