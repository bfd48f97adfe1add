"""What of a pool's starter is its backend's own: what it is told, what it may do, and how long it takes. Pure but for
what foundation tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from tideform.components.iam.policies import Statement
from tideform.registry.training import PoolOrder

_SECONDS = 120  # a job is taken in a few
MINUTES = 900  # machines come, and Batch updates an environment, in minutes; a function has no longer


@dataclass(frozen=True)
class Begins:
    """``plan`` goes into the starter's own, ``place`` into its variables, and ``seconds`` bound one start."""

    plan: dict[str, Any]
    statements: list[Statement]
    place: Mapping[str, pulumi.Input[Any]] = field(default_factory=dict)
    seconds: int = _SECONDS


def ours(order: PoolOrder) -> dict[str, dict[str, str]]:
    """The condition that picks what carries this pool's tags."""
    scope = order.scope
    tags = scope.deployment.tags("training", scope.unit)
    own = ("tideform:project", "tideform:environment", "tideform:unit")
    return {"StringEquals": {f"aws:ResourceTag/{key}": tags[key] for key in own if key in tags}}
