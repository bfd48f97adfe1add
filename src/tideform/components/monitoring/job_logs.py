"""The logs of jobs whose pools are removed between bursts: what a job has printed is read when the pool is gone."""

from __future__ import annotations

import pulumi

from tideform.components.base import Component
from tideform.components.monitoring.logs import log_group
from tideform.components.scope import Scope
from tideform.pools.log_groups import lasting_log_groups


class JobLogs(Component):
    """A log group for each such pool, tagged as the pool's."""

    def __init__(self, scope: Scope, *, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
        super().__init__("job-logs", scope, opts)
        for unit, name in lasting_log_groups(scope.deployment).items():
            of_pool = Scope(scope.deployment, scope.layer, unit)
            log_group(f"{unit}-jobs", name, of_pool, key_arn, self.named())
