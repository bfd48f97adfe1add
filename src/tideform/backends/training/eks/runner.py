"""Capacity and jobs of one pool on Kubernetes.

A burst lets Karpenter launch, opens the pool's queue, and submits; nodes come for what waits and go with it. What
`burst up` holds are pods that do nothing. The way down is the brakes' own (`reaper.endings.eks`).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Any

from tideform.backends.training.eks import manifests, nodes
from tideform.backends.training.eks.access import Access, kube_errors, refused
from tideform.backends.training.eks.brakes import brakes
from tideform.backends.training.eks.controllers import require_controllers
from tideform.backends.training.eks.fits import require_fit
from tideform.backends.training.eks.follow import Follower
from tideform.backends.training.eks.in_account import ending, history
from tideform.backends.training.eks.listing import holds, jobs_of, over
from tideform.backends.training.eks.objects import label
from tideform.backends.training.eks.whole import require_whole
from tideform.burst.brakes import Brake
from tideform.burst.claiming import claim_now
from tideform.burst.halt import Halt, silent
from tideform.burst.lease import Lease, Mode
from tideform.burst.runner import Instance, Job, OnLog, Runner, Work
from tideform.burst.sizing import sizing
from tideform.burst.table import LeaseTable
from tideform.burst.waiting import Waiting
from tideform.cloud import Cloud
from tideform.components.kubernetes.names import LEASE_LABEL, EksNames
from tideform.errors import CloudError, RefusedError, TideformError
from tideform.kube import KubeError
from tideform.pools.shape import shape_of
from tideform.reaper import instances
from tideform.reaper.history.base import JobRecord
from tideform.registry.training import backends
from tideform.spec.deployment import Deployment


@dataclass(frozen=True)
class Pace:
    """In seconds: how often to look, how long nodes may take to come, and an end waits for an API that is away."""

    poll: float = 5.0
    start: float = 900.0
    away: float = 60.0

    @classmethod
    def of(cls, deployment: Deployment) -> Pace:
        """Simulated nodes come at once."""
        return cls(poll=0.5, start=120.0, away=5.0) if deployment.target == "local" else cls()


@dataclass
class EksRunner(Runner):
    """One pool on Kubernetes."""

    cloud: Cloud
    deployment: Deployment
    pool: str
    pace: Pace
    access: Access

    def __post_init__(self) -> None:
        self.names = EksNames(self.deployment, self.pool)
        self.handle = backends()["eks"].handle(self.deployment, self.pool)
        self._away_since: float | None = None

    def brakes(self) -> tuple[Brake, ...]:
        """See `backends.training.eks.brakes`. Raises `CloudError` TD664 where the API cannot be asked."""
        return brakes(self.access, self.pool)

    def check(self, work: Work | None) -> tuple[str, ...]:
        """What is to be said of the cluster before anything is started; no ``work``: the pool's smallest capacity.

        Raises `RefusedError` TD660 without a cluster, TD665 where its controllers do not fit, TD603 where the pool is
        not whole there, TD669 for more than its queue or limits ever have; `CloudError` TD664 where it cannot be asked.
        """
        remarks = require_controllers(self.access, self._spec, 1 if work is None else work.nodes)
        if self._spec.between_bursts == "keep":
            require_whole(self.access, self.pool)
        require_fit(self.access, self.pool, sizing(self._spec).nodes if work is None else work.nodes)
        return remarks

    def up(self, lease: Lease, halt: Halt, work: Work | None = None) -> None:  # noqa: ARG002  # machines follow jobs
        """Let Karpenter launch, open the queue and, where no job is to follow, hold the pool's smallest capacity."""
        with kube_errors(f"capacity of {self.pool} was brought in"):
            self._open()
            if lease.mode is Mode.UP:
                self._hold(lease, halt)

    def run(self, lease: Lease, work: Work, on_log: OnLog, halt: Halt) -> int:
        """Run one job, or an array of them; the exit code is the first that is not 0."""
        with kube_errors(f"a job ran on {self.pool}"):
            waiting = deque(self._orders(lease, work))
            at_once = max(1, min(work.at_once, shape_of(self._spec).nodes // work.nodes))
            active: list[Follower] = []
            code, tagged = 0, frozenset[str]()
            while waiting or active:
                while waiting and len(active) < at_once:
                    active.append(self._submit(waiting.popleft(), on_log))
                ended = {follower.name: found for follower in active if (found := follower.look()) is not None}
                active = [follower for follower in active if follower.name not in ended]
                code = code or next((found for found in ended.values() if found), 0)
                self._check(halt, active)
                tagged = self._tag(lease, tagged)
                if not ended:
                    halt.wait(self.pace.poll)
            return code

    def end_jobs(self, lease: Lease | None) -> None:
        """Delete the jobs of one lease, or all."""
        with kube_errors(f"jobs on {self.pool} were ended"):
            for job in self._unfinished():
                if lease is None or label(job, LEASE_LABEL) == lease.id:
                    metadata = job["metadata"]
                    which = (job["apiVersion"], job["kind"], metadata["name"], metadata["namespace"])
                    self.access.kube.delete(*which, propagation="Background")

    def down(self) -> bool:
        """The brakes' own way, with our own way to the API. Raises `CloudError` TD664 where the cluster refused.

        Its machines go all the same. An API that is away is asked again for `Pace.away` seconds; then the receipt
        tells that it could not be asked.
        """
        with kube_errors(f"capacity of {self.pool} was taken away"):
            step = ending.step(self.cloud, self.handle, reach=self._reach())
        if step.drained.state is not ending.State.UNREACHED:
            self._away_since = None
            return step.done
        if self.access.none:
            return step.done
        self._away_since = self._away_since or time.monotonic()
        if time.monotonic() - self._away_since < self.pace.away:
            raise refused(KubeError(0, "", step.drained.why))
        return step.done

    def capacity(self) -> tuple[Instance, ...]:
        """The pool's machines by their tags; on the local target the simulated nodes as well, which EC2 lacks."""
        with kube_errors(f"nodes of {self.pool} were counted"):
            found = instances.standing(ending.nodes(self.cloud, self.handle))
            machines = tuple(Instance(n.id, n.type, n.state, n.spot, n.launched, n.reservation) for n in found)
            known = {machine.id for machine in machines}
            return machines + tuple(node for node in self._nodes() if node.id not in known)

    def jobs(self) -> tuple[Job, ...]:
        """The jobs that have not ended; what merely holds nodes is none."""
        with kube_errors(f"jobs on {self.pool} were listed"):
            return tuple(_job(each) for each in self._unfinished() if not holds(each))

    def remembered(self, leases: Container[str] | None = None) -> list[JobRecord]:
        """The jobs that the cluster still knows, ended ones, too; or those of some leases alone."""
        if self.access.none:
            return []
        with kube_errors(f"jobs of {self.pool} were looked up"):
            try:
                return history.jobs(self.cloud, self.handle, leases=leases, reach=self.access.call)
            except OSError as error:
                raise refused(KubeError(0, "", str(error))) from error

    @property
    def _spec(self) -> Any:
        return self.deployment.spec.training[self.pool]

    def _open(self) -> None:
        require_whole(self.access, self.pool)
        ending.permit(self.cloud, self.handle)
        ending.hold(self.access.call, self.handle, "None")

    def _hold(self, lease: Lease, halt: Halt) -> None:
        size, rest = sizing(self._spec), lease.rest(self.cloud.clock())
        orders = manifests.JobOrder(self.deployment, self.pool, lease, Work(), rest)
        holders = [self._create(manifests.hold(orders, index)) for index in range(size.nodes)]
        until, waiting = time.monotonic() + self.pace.start, Waiting(halt.say)
        while (ready := len(self._ready())) < size.nodes:
            halt.check()
            waiting.on(f"Waiting for {size.words} of {self.pool}: {ready} ready.")
            if time.monotonic() > until:
                waits = [_why(Follower(lambda: self.access.kube, each, silent)) for each in holders]
                raise _no_capacity(self.pool, size.words, next(filter(None, waits), "nobody says why"))
            halt.wait(self.pace.poll)
        instances.tell_lease(self.cloud, self._standing(), claim_now(self.cloud, self.deployment, lease))

    def _orders(self, lease: Lease, work: Work) -> list[manifests.JobOrder]:
        rest = lease.rest(self.cloud.clock())
        one = manifests.JobOrder(self.deployment, self.pool, lease, work, rest)
        return [replace(one, index=index, own=own) for index, own in enumerate(work.array)] or [one]

    def _submit(self, order: manifests.JobOrder, on_log: OnLog) -> Follower:
        return Follower(lambda: self.access.kube, self._create(manifests.work(order)), on_log)

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        """A name that is taken is this very job, which another attempt has submitted."""
        try:
            return self.access.kube.create(body)
        except KubeError as error:
            metadata = body["metadata"]
            which = (body["apiVersion"], body["kind"], metadata["name"], metadata["namespace"])
            found = self.access.kube.get(*which) if error.status == 409 else None
            if found is None:
                raise
            return found

    def _check(self, halt: Halt, active: list[Follower]) -> None:
        """Stop where there is a reason to; with it goes why a job had not even begun."""
        try:
            halt.check()
        except TideformError as stopped:
            waits = [f"{follower.name} waited: {why}" for follower in active if (why := _why(follower))]
            for text in waits:
                stopped.add_note(text)
                active[0].on_log(f"[tideform] {text}")
            raise

    def _tag(self, lease: Lease, known: frozenset[str]) -> frozenset[str]:
        """Tell the lease to machines that are not known yet, those in the place of others too; answers with all.

        A running burst goes on without its table for a while: machines that come meanwhile are told when it is back.
        So it is asked once a look and not waited for, else jobs would end, and log lines come, with nobody looking.
        """
        standing = frozenset(self._standing())
        if new := sorted(standing - known):
            try:
                claim = LeaseTable.of(self.cloud, self.deployment).claim(lease, self.cloud.clock())
            except CloudError:
                return known
            instances.tell_lease(self.cloud, new, claim)
        return standing

    def _standing(self) -> list[str]:
        return [node.id for node in instances.standing(ending.nodes(self.cloud, self.handle))]

    def _reach(self) -> Any:
        """Our way to the API, if there is one; the machines go without it, too."""
        try:
            return self.access.call if self.access.kube else None
        except TideformError:
            return None

    def _unfinished(self) -> list[dict[str, Any]]:
        if self.access.none:
            return []
        return [each for each in jobs_of(self.access.kube, self.names.pool_id) if not over(each)]

    def _nodes(self) -> list[Instance]:
        if self.deployment.target != "local" or self.access.none:
            return []
        return nodes.of_pool(self.access.kube, self.names.pool_id)

    def _ready(self) -> list[Instance]:
        return nodes.of_pool(self.access.kube, self.names.pool_id, ready=True)


def runner(cloud: Cloud, deployment: Deployment, pool: str) -> EksRunner:
    """The runner of a pool; the API is asked for only when something is done."""
    return EksRunner(cloud, deployment, pool, Pace.of(deployment), Access(cloud, deployment))


def _why(follower: Follower) -> str:
    """Why a job has not begun; an API that is away must not take the place of the reason to stop."""
    try:
        return follower.waiting()
    except (KubeError, TideformError) as away:
        return f"the cluster could not be asked ({away})"


def _job(found: dict[str, Any]) -> Job:
    metadata, spec = found["metadata"], found["spec"]
    status = "SUSPENDED" if spec.get("suspend") else "RUNNING"
    return Job(metadata["uid"], metadata["name"], status, label(found, LEASE_LABEL))


def _no_capacity(pool: str, words: str, why: str) -> TideformError:
    return RefusedError.of(
        "TD606",
        "The capacity did not come",
        detail=f"{pool} asked for {words}. {why}",
        fix="Allow more instance types or `fallback: on_demand`, raise the account's quota, or try again later.",
    )
