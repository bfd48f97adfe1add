"""What a job is told in words and variables: what tideform sets itself, and what the pool's backend refuses. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tideform.diagnostics import Diagnostic
from tideform.registry.training import TrainingBackend, backends
from tideform.spec.deployment import Deployment
from tideform.spec.problems import problem
from tideform.spec.training import Pool

_OURS = re.compile(
    r"TIDEFORM_((CODE|START|INPUT|OUTPUT)_.*|START|IMAGE|SECRETS|VARIABLES|LEASE|POOL|PROJECT|ENVIRONMENT|"
    r"CHECKPOINT_(URI|RUN_URI|SECONDS)|NODE_RANK|NODES)"
)


def told_problems(deployment: Deployment, name: str) -> Iterator[Diagnostic]:
    """What of a pool's own words and variables its backend would refuse, or somebody else sets."""
    pool = deployment.spec.training[name]
    backend = backends().get(pool.backend)
    yield from _names(f"training.{name}.job", pool, backend)
    if backend is not None:
        yield from backend.told_problems(deployment, name)


def _names(path: str, pool: Pool, backend: TrainingBackend | None) -> Iterator[Diagnostic]:
    sweep = pool.job.sweep.grid if pool.job.sweep else {}
    for where, names in (("environment", pool.job.environment), ("secrets", pool.job.secrets), ("sweep.grid", sweep)):
        for name in names:
            if backend is not None and (theirs := backend.reserved_variable(name)):
                reason = theirs
            elif _OURS.fullmatch(name):
                reason = "tideform sets it, and a burst depends on what it says."
            else:
                continue
            yield problem("TD178", f"{name}: {reason}", fix="Give it another name.", path=f"{path}.{where}.{name}")
    for name in sorted(set(pool.job.environment) & set(pool.job.secrets)):
        detail = f"{name} has a value in environment and another one in secrets."
        yield problem("TD140", detail, fix="Keep one of them.", path=f"{path}.secrets.{name}")
