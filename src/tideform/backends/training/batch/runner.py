"""Bursts on AWS Batch: capacity through ``minvCpus``, never through the engine, so that a burst leaves no drift.

Between bursts the queue is closed and the environments are at zero: nothing that is submitted without a lease starts
a machine. Batch makes environments enabled only; the end of a burst disables them as well.
https://docs.aws.amazon.com/batch/latest/APIReference/API_CreateComputeEnvironment.html
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace

from tideform.backends.training.batch.climb import Climb, Pace
from tideform.backends.training.batch.in_account import ending, rungs, starting
from tideform.backends.training.batch.job_size import can_be_defined
from tideform.backends.training.batch.jobs import BatchJobs, one_node, too_long
from tideform.backends.training.batch.stuck import why_stuck
from tideform.burst.begin import PATIENCE, Begins, start_of
from tideform.burst.brakes import Brake, Kind
from tideform.burst.budget_brake import budget_brakes
from tideform.burst.claiming import claim_now
from tideform.burst.halt import Halt, now_and_then
from tideform.burst.lease import Lease
from tideform.burst.reaper_brake import idle_brake, reaper_brake
from tideform.burst.runner import Instance, Job, OnLog, Work, cloud_errors
from tideform.burst.sizing import Sizing, sizing
from tideform.cloud import Cloud
from tideform.errors import CloudError, RefusedError, TideformError
from tideform.pools.names import PoolNames
from tideform.pools.purchase import quota_in
from tideform.reaper import instances
from tideform.reaper.base import Node
from tideform.reaper.claims import Claim
from tideform.reaper.starting.base import StartError
from tideform.registry.training import backends
from tideform.spec.deployment import Deployment


@dataclass
class BatchRunner(Begins):
    """One pool on AWS Batch."""

    cloud: Cloud
    deployment: Deployment
    pool: str
    pace: Pace
    _let_go: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        names = PoolNames(self.deployment, self.pool)
        self.handle = backends()["batch"].handle(self.deployment, self.pool)
        self._jobs = BatchJobs(self.cloud, self.pool, names, self.handle, self.pace.poll)

    def brakes(self) -> tuple[Brake, ...]:
        """The reaper ends everything; the job time-out bounds a job, from each of its attempts' start."""
        return (
            reaper_brake(self.cloud, self.deployment, self.pool),
            idle_brake(self.deployment, self.pool),
            Brake(
                "job time-out",
                Kind.BOUNDING,
                "Batch ends each attempt of a job when its lease would be over",
                self._jobs.missing_timeout,
                of_pool=True,
            ),
            *budget_brakes(self.cloud, self.deployment),
        )

    def check(self, work: Work | None) -> tuple[str, ...]:
        """Raises `RefusedError` TD171 for several machines where jobs have one, TD635 where Batch does not take it."""
        if work is None:
            return ()
        if work.nodes > 1 and self.deployment.spec.training[self.pool].job.nodes == 1:
            raise one_node(self.pool, work.nodes)
        for own in work.array or ({},):
            one = replace(work, environment={**work.environment, **own})
            if not can_be_defined({"command": list(work.command), "environment": dict(one.environment)}):
                raise too_long(self.pool)
        return ()

    def up(self, lease: Lease, halt: Halt, work: Work | None = None) -> None:  # noqa: ARG002  # machines follow jobs
        """Raise one environment after the other until one has brought the instances (spot, then on-demand)."""
        size = sizing(self.deployment.spec.training[self.pool])
        with cloud_errors(f"capacity of {self.pool} was brought in"):
            environments = ending.environments(self.cloud, self.handle)
            if not environments:
                raise _not_applied(self.pool)
            usable, reasons = ending.usable(self.cloud, self.handle, environments, self.cloud.clock())
            climb = Climb(self.cloud, self.handle, self.pace, size, lambda: self._claim(lease), halt)
            climb.arrange(environments, usable)
            climb.open_queue()
            reasons += climb.climb(usable)
            machines = [instance.id for instance in self.capacity()]
            if len(machines) < size.nodes:
                raise _no_capacity(self.pool, size, [r for r in reasons if r])
            instances.tell_lease(self.cloud, machines, self._claim(lease))

    def run(self, lease: Lease, work: Work, on_log: OnLog, halt: Halt) -> int:
        """Submit one job, follow its log, and return its exit code."""
        with cloud_errors(f"a job ran on {self.pool}"):
            halt.limits.append(now_and_then(self._tend, time.monotonic))
            machines = sizing(self.deployment.spec.training[self.pool]).most_nodes
            return self._jobs.run(lease, work, on_log, halt, rest=lease.rest(self.cloud.clock()), machines=machines)

    def begin(self, lease: Lease, work: Work, halt: Halt) -> str:
        """Open the queue and submit: Batch brings machines for the job, and the reaper goes down the ladder."""
        with cloud_errors(f"a job was begun on {self.pool}"):
            if not ending.environments(self.cloud, self.handle):
                raise _not_applied(self.pool)
            start = start_of(self.handle, lease, self._claim(lease), lease.rest(self.cloud.clock()), halt)
            try:
                starting.open_up(self.cloud, start)
            except StartError as error:
                raise _shut(self.pool, str(error)) from error
            return self._jobs.begin(lease, work, rest=lease.rest(self.cloud.clock()))

    def end_jobs(self, lease: Lease | None) -> None:
        """Terminate the unfinished jobs of one lease, or all."""
        with cloud_errors(f"jobs on {self.pool} were ended"):
            for job in self._jobs.unfinished():
                if lease is None or job.lease == lease.id:
                    ending.terminate(self.cloud, job.id)

    def down(self) -> bool:
        """End the jobs, hold every environment at zero, and end what lingers: Batch lets idle machines go by itself."""
        self._let_go = self._let_go or time.monotonic()
        with cloud_errors(f"capacity of {self.pool} was taken away"):
            lingers = time.monotonic() - self._let_go > self.pace.linger
            return ending.stop(self.cloud, self.handle, machines=lingers)

    def stuck(self) -> str:
        """Why the pool's jobs wait though there is room for them; empty where they do not."""
        with cloud_errors(f"the environments of {self.pool} were looked at"):
            return why_stuck(self.cloud, self.handle)

    def settled(self) -> bool:
        """Whether Batch is done with its changes: what it is still updating it refuses to delete."""
        with cloud_errors(f"the environments of {self.pool} were looked at"):
            return not any(one["status"] in ending.BUSY for one in ending.environments(self.cloud, self.handle))

    def capacity(self) -> tuple[Instance, ...]:
        """The pool's instances by their tags, which Batch takes from the compute environment."""
        with cloud_errors(f"instances of {self.pool} were counted"):
            return tuple(map(_instance, instances.standing(ending.nodes(self.cloud, self.handle))))

    def jobs(self) -> tuple[Job, ...]:
        """The jobs in the pool's queue that have not finished."""
        with cloud_errors(f"jobs on {self.pool} were listed"):
            return self._jobs.unfinished()

    def wants(self) -> bool:
        """A queue that is open brings machines for the next job, an environment above zero without any."""
        with cloud_errors(f"what brings machines of {self.pool} was looked at"):
            return ending.asks(self.cloud, self.handle) or super().wants()

    def _claim(self, lease: Lease) -> Claim:
        return claim_now(self.cloud, self.deployment, lease)

    def _tend(self) -> None:
        """What fails here, the reaper does at its next round."""
        with suppress(CloudError), cloud_errors(f"the environments of {self.pool} were looked at"):
            rungs.tend(self.cloud, self.handle, self.cloud.clock())


def _instance(node: Node) -> Instance:
    return Instance(node.id, node.type, node.state, node.spot, node.launched, node.reservation)


def _not_applied(pool: str) -> TideformError:
    return RefusedError.of(
        "TD603",
        "The pool is not applied",
        detail=f"There is no job queue for {pool}.",
        fix="Run `tideform apply` first.",
    )


def _shut(pool: str, why: str) -> TideformError:
    return RefusedError.of(
        "TD606",
        "The capacity did not come",
        detail=f"{pool} does not open: {why}, for {PATIENCE:.0f} seconds.",
        fix="Try again in a minute; `tideform burst status` shows what the pool is doing.",
    )


def _no_capacity(pool: str, size: Sizing, reasons: list[str]) -> TideformError:
    quota = any(map(quota_in, reasons))
    fix = "Allow more instance types or `fallback: on_demand`, or try again later."
    return RefusedError.of(
        "TD606",
        "The capacity did not come",
        detail=f"{pool} asked for {size.nodes} of {' or '.join(size.types)}. " + "; ".join(reasons),
        fix="Ask AWS for a higher quota (Service Quotas, Amazon EC2); no other way of buying was tried."
        if quota
        else fix,
    )
