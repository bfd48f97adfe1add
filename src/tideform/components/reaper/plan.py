"""What the reaper consists of, as plain data: foundation makes it so, and a burst asks whether it is still so. Pure."""

from __future__ import annotations

import json
from typing import Any, Final

from tideform.components.iam.policies import Statement, allow, document
from tideform.components.reaper.launchers import karpenter_roles
from tideform.components.reaper.package import package
from tideform.components.reaper.statements import reaper_statements
from tideform.components.scope import Scope
from tideform.pools.shape import shape_of
from tideform.registry.training import backends
from tideform.spec.deployment import Deployment

REAPER: Final = "reaper"
SCHEDULE_ROLE: Final = "reaper-schedule"
RATE_MINUTES: Final = 5
TIMEOUT: Final = 240  # seconds: a round is over before the next one begins
_HANDLES: Final = "handles.json"  # where `reaper.handler` looks


def reaper_name(scope: Scope) -> str:
    """The function's name, its schedule's and its role's."""
    return scope.name(REAPER, limit=64)


def topic_arn(scope: Scope) -> str:
    """Whom the reaper tells; a topic that is not there yet tells nobody, and fails nothing."""
    return scope.arn("sns", scope.name("alerts", limit=256))


def log_group_name(scope: Scope) -> str:
    """Where the function logs."""
    return f"/aws/lambda/{reaper_name(scope)}"


def files(deployment: Deployment) -> dict[str, str]:
    """The function's package: our sources, and how each pool of the spec ends, should its item not say so."""
    return {**package(), _HANDLES: json.dumps(handles(deployment), sort_keys=True)}


def handles(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """How each pool of the spec ends, by the name that its item has in the lease table."""
    return {
        deployment.identity("training", name): backends()[pool.backend].handle(deployment, name)
        for name, pool in deployment.spec.training.items()
    }


def variables(scope: Scope) -> dict[str, str]:
    """The function's environment; see `tideform.reaper.settings`."""
    deployment, budget = scope.deployment, scope.deployment.spec.budget
    stop = {"BUDGET_USD": f"{budget.monthly.usd:.2f}"} if budget is not None and budget.hard_stop else {}
    return {
        "TABLE": scope.name("leases", limit=255),
        "PROJECT": deployment.spec.project,
        "ENVIRONMENT": deployment.environment,
        "TOPIC": topic_arn(scope),
        "UNHELD_GRACE": str(deployment.spec.limits.unheld_grace.seconds),
        **stop,
        **_reserved(deployment),
    }


def statements(scope: Scope) -> list[Statement]:
    """What the function may do."""
    pools = scope.deployment.spec.training
    return reaper_statements(
        scope,
        table_arn=scope.arn("dynamodb", f"table/{scope.name('leases', limit=255)}"),
        topic_arn=topic_arn(scope),
        log_group=log_group_name(scope),
        reserved=[one for pool in pools.values() for one in pool.capacity.reserved],
        launch_roles=[scope.role_arn(name) for name in karpenter_roles(scope)],
        handles=handles(scope.deployment).values(),
    )


def as_made(scope: Scope) -> dict[str, dict[str, str]]:
    """What an apply writes down beside the reaper: the policies of its roles by their part, and its variables.

    What stands is held against it, and not against what the engine has read back since: that may be a broken brake.
    """
    wanted = {REAPER: statements(scope), SCHEDULE_ROLE: calling(scope, reaper_name(scope))}
    return {"policies": {part: document(*several) for part, several in wanted.items()}, "variables": variables(scope)}


def calling(scope: Scope, function: str) -> list[Statement]:
    """What a schedule may do that calls a function of ours."""
    return [allow("Call", ["lambda:InvokeFunction"], [scope.arn("lambda", f"function:{function}")])]


def _reserved(deployment: Deployment) -> dict[str, str]:
    """What AWS has reserved for each pool, and what its types cost an hour."""
    found: dict[str, Any] = {
        name: {"ids": ids, "prices": {kind.name: kind.on_demand_usd for kind in shape_of(pool).types}}
        for name, pool in deployment.spec.training.items()
        if (ids := pool.capacity.reserved)
    }
    return {"RESERVED": json.dumps(found, sort_keys=True)} if found else {}
