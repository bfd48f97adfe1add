"""What a burst asks of a backend; `backends.training.batch.runner` answers for AWS Batch.

Everything is idempotent: a step may be tried again after a crash, by another process.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tideform.burst.brakes import Brake
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease
from tideform.cloud import Cloud
from tideform.errors import CloudError, TideformError
from tideform.reaper.history.base import JobRecord
from tideform.registry.training import backends
from tideform.spec.deployment import Deployment
from tideform.spec.training import DEFAULT_BACKEND

OnLog = Callable[[str], None]


@dataclass(frozen=True)
class Instance:
    """One machine of a pool. ``launched`` is in seconds since the epoch; ``reservation`` is the one that it uses up."""

    id: str
    type: str
    state: str
    spot: bool
    launched: float
    reservation: str = ""


@dataclass(frozen=True)
class Job:
    """One unfinished job on a pool; ``lease`` is the id of the burst that it belongs to, if any.

    ``status`` is RUNNING, or another word of the backend's; ``nodes`` are its machines where the backend tells them.
    """

    id: str
    name: str
    status: str
    lease: str
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Work:
    """What a burst runs. No ``command``: the pool's own job.

    ``environment`` is set beside the job's own variables. ``nodes`` machines work on it together; with ``array`` there
    is one job for each set of variables in it, and at most ``at_once`` of them run at the same time. ``label`` is the
    command as its user knows it, ``code`` the digest of what was sent, ``checkpoint_uri`` where its work is saved.
    """

    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    image: str | None = None
    nodes: int = 1
    array: tuple[Mapping[str, str], ...] = ()
    at_once: int = 1
    label: str = ""
    code: str = ""
    checkpoint_uri: str = ""


class Runner(ABC):
    """One pool on one backend. Every call raises `CloudError` when a service refuses.

    What only some backends have to do is nothing here: a backend says what it can by what it overrides.
    """

    @abstractmethod
    def brakes(self) -> tuple[Brake, ...]:
        """What ends a burst on this backend, the command itself aside."""

    @abstractmethod
    def up(self, lease: Lease, halt: Halt, work: Work | None = None) -> None:
        """Bring the pool's smallest capacity in and return when its instances are there.

        Without ``work`` it is held for jobs of the pool; with it, for that alone.
        """

    @abstractmethod
    def run(self, lease: Lease, work: Work, on_log: OnLog, halt: Halt) -> int:
        """Run it to its end and return its exit code; its output goes to ``on_log``."""

    @abstractmethod
    def end_jobs(self, lease: Lease | None) -> None:
        """End the jobs of one lease, or every job on the pool."""

    @abstractmethod
    def down(self) -> bool:
        """Take one step towards nothing at all. False means 'not yet': call it again."""

    @abstractmethod
    def capacity(self) -> tuple[Instance, ...]:
        """The instances that are there, or on their way in or out."""

    @abstractmethod
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that have not finished."""

    def wants(self) -> bool:
        """Whether anything would bring machines that are not there yet, be it a job that waits for some."""
        return bool(self.jobs())

    def check(self, work: Work | None) -> tuple[str, ...]:  # noqa: ARG002
        """What is to be said before anything starts; no ``work``: capacity is merely held.

        Raises `RefusedError` for what the backend would refuse, or fail, later.
        """
        return ()

    def widen(self, lease: Lease, work: Work, halt: Halt) -> None:  # noqa: ARG002
        """Bring what ``work`` needs beyond the capacity that is there, where nothing else brings it."""
        return

    def hold_until(self, deadline: int) -> str:  # noqa: ARG002
        """Move the capacity's own end, if it has one, to ``deadline`` at least (seconds since the epoch).

        Returns what has moved, in words; empty where the lease alone says when the end is.
        """
        return ""

    def launch_until(self, deadline: int) -> None:  # noqa: ARG002
        """Let machines that come from now on say this end, where that replaces none of those that stand."""
        return

    def stuck(self) -> str:
        """Why the pool's jobs wait though there is room for them; empty where they do not, or nobody can tell."""
        return ""

    def remembered(self, leases: Container[str] | None = None) -> list[JobRecord] | None:  # noqa: ARG002
        """The jobs that the backend still knows, or those of some leases; None where others can ask it as well."""
        return None

    def settled(self) -> bool:
        """Whether the backend is done with its changes: what it is still changing it may refuse to delete."""
        return True


@contextmanager
def cloud_errors(doing: str) -> Iterator[None]:
    """Turn what boto3 raises into a `CloudError` that says what was being done."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise refused(f"While {doing}: {error}") from error


def refused(detail: str) -> TideformError:
    """What the refusal of a cloud service becomes."""
    return CloudError.of(
        "TD611",
        "A cloud service refused",
        detail=detail,
        fix="Mend what it names and run the command again; `tideform burst status` shows whether anything stands.",
    )


def runner_for(cloud: Cloud, deployment: Deployment, pool: str) -> Runner:
    """The runner of a pool's backend; of the default one where the spec does not name the pool."""
    spec = deployment.spec.training.get(pool)
    return backends()[spec.backend if spec else DEFAULT_BACKEND].runner(cloud, deployment, pool)
