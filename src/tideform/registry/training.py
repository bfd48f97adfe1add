"""What a training backend is: where a pool's capacity comes from. One folder in `backends/training` is one backend."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from tideform.diagnostics import Diagnostic
from tideform.errors import TideformError
from tideform.registry.entries import load_backends
from tideform.registry.features import Features
from tideform.spec.training import Pool

if TYPE_CHECKING:
    import pulumi

    from tideform.burst.runner import Runner
    from tideform.burst.streams import LiveLogs, Streams
    from tideform.cloud import Cloud
    from tideform.components.scope import Scope
    from tideform.components.site import Site
    from tideform.pools.shape import PoolShape
    from tideform.pools.worst_case import Most
    from tideform.resources.inventory import Area
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


@dataclass(frozen=True)
class Failure:
    """A backend's event of a failed job, and where in it the job's name and the reason stand."""

    pattern: dict[str, Any]
    job: str
    reason: str


class TrainingBackend(ABC):
    """The entry of a training backend. Importing it must load neither pulumi nor boto3."""

    @property
    @abstractmethod
    def id(self) -> str:
        """What a spec writes after ``backend:``."""

    @property
    @abstractmethod
    def summary(self) -> str:
        """One line for docs and help."""

    @property
    def features(self) -> Features:
        """What its pools need, can have, and are like."""
        return Features()

    @abstractmethod
    def problems(self, name: str, pool: Pool) -> list[Diagnostic]:
        """What of this pool the backend cannot do; judged without a cloud."""

    @abstractmethod
    def build(self, order: PoolOrder) -> Exports:
        """Register the pool's resources, at zero capacity, and return what its stack exports."""

    @abstractmethod
    def handle(self, deployment: Deployment, pool: str) -> dict[str, Any]:
        """What a brake has to know to end the pool's capacity without a spec (`reaper.base.Ending`); JSON."""

    @abstractmethod
    def held_nodes(self, pool: Pool) -> int:
        """How many machines a `burst up` of the pool brings at least."""

    def detached_remarks(self, pool: Pool, nodes: int) -> Iterator[str]:  # noqa: ARG002
        """What `burst run` does for a job of ``nodes`` machines only while it stays."""
        return iter(())

    def without_effect(self, pool: Pool) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """Keys of a pool, and what does not happen for each."""
        return iter(())

    @abstractmethod
    def runner(self, cloud: Cloud, deployment: Deployment, pool: str) -> Runner:
        """What brings the pool's capacity in and runs jobs on it."""

    @abstractmethod
    def logs(self, cloud: Cloud, deployment: Deployment, pool: str) -> Streams | LiveLogs:
        """Where its jobs print to."""

    def told_problems(self, deployment: Deployment, name: str) -> Iterator[Diagnostic]:  # noqa: ARG002
        """What of a pool's own words and variables the backend would refuse; nothing where it has no bounds."""
        return iter(())

    def reserved_variable(self, name: str) -> str:  # noqa: ARG002
        """Why no job may have a variable of this name; empty where one may."""
        return ""

    def check_command(self, command: Sequence[str]) -> None:  # noqa: B027  # most take any
        """Raise `RefusedError` where the backend does not take a command."""

    def inventory(self) -> tuple[Area, ...]:
        """What a receipt of a pool's capacity asks beside the account: such as a cluster's own API."""
        return ()

    def block_problems(self, deployment: Deployment, path: str, pool: Pool) -> Iterator[Diagnostic]:  # noqa: ARG002
        """Why a pool's blocks cannot serve it, though their names are such as the backend takes."""
        return iter(())

    def most(self, pool: Pool, shape: PoolShape) -> Most | None:  # noqa: ARG002
        """The dearest machines that a pool can hold at once, where that is more than its bound in machines."""
        return None

    def failure(self, pool: str, scope: Scope) -> Failure | None:  # noqa: ARG002
        """The event of a failed job of a pool, by the name it was made under; None where AWS tells of none."""
        return None


@cache
def backends() -> Mapping[str, TrainingBackend]:
    """All backends by id, third parties' too. Raises `TideformError` TD207 where one is no `TrainingBackend`."""
    found = load_backends("tideform.backends.training", "tideform.training")
    for name, entry in found.items():
        if not isinstance(entry, TrainingBackend):
            raise TideformError.of(
                "TD207",
                "A training backend is of an older version",
                detail=f"The entry of {name} ({type(entry).__module__}) is no TrainingBackend, which has what this "
                "version asks of backends.",
                fix="Let its class inherit from tideform.registry.training.TrainingBackend, or uninstall its package.",
            )
    return found


def features(backend: str) -> Features:
    """What a backend says of itself; nothing in particular where there is none of that id, which is said elsewhere."""
    return known.features if (known := backends().get(backend)) is not None else Features()


def on_cluster(pools: Mapping[str, Pool]) -> dict[str, Pool]:
    """Those of some pools that are objects in a Kubernetes cluster."""
    return {name: pool for name, pool in pools.items() if features(pool.backend).needs_cluster}


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
