"""What a training backend is: where a pool's capacity comes from. One module here is one backend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from tideform.diagnostics import Diagnostic, Severity
from tideform.registry.entries import load
from tideform.spec.training import Pool

if TYPE_CHECKING:
    import pulumi

    from tideform.burst.runner import Runner
    from tideform.cloud import Cloud
    from tideform.components.scope import Scope
    from tideform.components.site import Site
    from tideform.spec.deployment import Deployment

Exports = Mapping[str, Any]


@dataclass(frozen=True)
class PoolOrder:
    """One pool to build: its name and words in the spec, its place, and what foundation offers."""

    name: str
    pool: Pool
    scope: Scope
    site: Site
    opts: pulumi.ResourceOptions


class TrainingBackend(Protocol):
    """A catalogue entry of ``training/``. Importing it must load neither pulumi nor boto3."""

    @property
    def id(self) -> str:
        """What a spec writes after ``backend:``."""
        ...

    @property
    def summary(self) -> str:
        """One line for docs and help."""
        ...

    def problems(self, name: str, pool: Pool) -> list[Diagnostic]:
        """What of this pool the backend cannot do; judged without a cloud."""
        ...

    def build(self, order: PoolOrder) -> Exports:
        """Register the pool's resources, at zero capacity, and return what its stack exports."""
        ...

    def handle(self, deployment: Deployment, pool: str) -> dict[str, Any]:
        """What a brake has to know to end the pool's capacity without a spec (`burst.reaper.base.Ending`); JSON."""
        ...

    def held_nodes(self, pool: Pool) -> int:
        """How many machines a `burst up` of the pool brings at least."""
        ...

    def runner(self, cloud: Cloud, deployment: Deployment, pool: str) -> Runner:
        """What brings the pool's capacity in and runs jobs on it."""
        ...


@cache
def backends() -> Mapping[str, TrainingBackend]:
    """All backends by id, third parties' too."""
    return load("tideform.catalogue.training", "tideform.training")


def plain_handle(deployment: Deployment, backend: str, pool: str) -> dict[str, Any]:
    """What every handle begins with; a pool that was renamed keeps the tags it was made with.

    ``removes`` tells commands whether its definitions go with a burst; the reaper ends none.
    """
    tags = deployment.tags("training", deployment.identity("training", pool))
    own = ("tideform:project", "tideform:environment", "tideform:unit")
    named = deployment.spec.training.get(pool)
    blocks = {"blocks": list(named.capacity.blocks)} if named and named.capacity.blocks else {}
    idle = {"idle_seconds": named.idle_timeout.seconds} if named else {}
    between = {"removes": named.between_bursts == "remove"} if named else {}
    return {"backend": backend, "pool": pool, "tags": {key: tags[key] for key in own}, **idle, **between, **blocks}


def problem(code: str, summary: str, path: str, *, detail: str, fix: str) -> Diagnostic:
    """An error about one place of the spec."""
    return Diagnostic(code, Severity.ERROR, summary, detail=detail, fix=fix, path=path)
