"""What the jobs of a pool print, out of their pods: it is there as long as their machines are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tideform.backends.training.eks.access import Access, kube_errors
from tideform.backends.training.eks.follow import Follower
from tideform.backends.training.eks.listing import holds, jobs_of, over
from tideform.backends.training.eks.objects import Object
from tideform.burst.halt import Halt
from tideform.burst.runner import OnLog
from tideform.cloud import Cloud
from tideform.components.kubernetes.names import EksNames
from tideform.errors import RefusedError
from tideform.kube import Kube
from tideform.spec.deployment import Deployment


@dataclass(frozen=True)
class PodLogs:
    """The logs of one pool's pods."""

    kube: Callable[[], Kube]
    space: str

    @classmethod
    def of(cls, cloud: Cloud, deployment: Deployment, pool: str) -> PodLogs:
        """Of a pool of the deployment's cluster."""
        access = Access(cloud, deployment)
        return cls(lambda: access.kube, EksNames(deployment, pool).pool_id)

    def show(self, pool: str, job: str | None, on_log: OnLog) -> None:
        """Hand on what a job has printed, by its id or name, or else the newest. Raises `RefusedError` TD678."""
        with kube_errors(f"the logs of {pool} were read"):
            found = self._chosen(pool, job)
            follower = Follower(self.kube, found, on_log)
            if over(found) and not follower.pods():
                raise _gone(found)
            follower.read()

    def follow(self, pool: str, job: str | None, on_log: OnLog, halt: Halt, poll: float) -> None:
        """Hand on what a job prints until it is over. Raises `RefusedError` TD678 if there is none."""
        with kube_errors(f"the logs of {pool} were followed"):
            follower = Follower(self.kube, self._chosen(pool, job), on_log)
            while follower.look() is None:
                halt.pause(poll)

    def _chosen(self, pool: str, job: str | None) -> Object:
        jobs = [each for each in jobs_of(self.kube(), self.space) if not holds(each)]
        wanted = [each for each in jobs if job in (None, each["metadata"]["uid"], each["metadata"]["name"])]
        if not wanted:
            raise _none(f"{pool} has no job {job!r}" if job else f"{pool} has no job", pool)
        return max(wanted, key=lambda each: (each["metadata"]["creationTimestamp"], each["metadata"]["name"]))


def _none(what: str, pool: str) -> Exception:
    detail = f"{what} in the cluster; one that is over is kept for an hour."
    return RefusedError.of(
        "TD678", "There is no such log", detail=detail, fix=f"`tideform jobs {pool}` lists the jobs that run."
    )


def _gone(job: Object) -> Exception:
    detail = f"{job['metadata']['name']} is over, its machines are gone, and what its pods printed went with them."
    fix = "Follow a job while it runs, or have an agent in the cluster that keeps what pods print."
    return RefusedError.of("TD678", "There is no such log", detail=detail, fix=fix)
