"""Bursts on an Auto Scaling group: capacity through its sizes, never through the engine; jobs as SSM commands.

Between bursts the group is at zero and may launch nothing. A burst first schedules the group's own end, then lets it
launch. https://docs.aws.amazon.com/autoscaling/ec2/userguide/what-is-amazon-ec2-auto-scaling.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tideform.backends.training.ec2.climb import Climb
from tideform.backends.training.ec2.in_account import ending, group
from tideform.backends.training.ec2.in_account.script import Node as Machine
from tideform.backends.training.ec2.jobs import Jobs
from tideform.backends.training.ec2.lease_end import LeaseEnd
from tideform.backends.training.ec2.leaving import Leaving
from tideform.backends.training.ec2.pace import Pace
from tideform.burst.begin import Begins
from tideform.burst.brakes import Brake
from tideform.burst.budget_brake import budget_brakes
from tideform.burst.claiming import claim_now
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease
from tideform.burst.reaper_brake import idle_brake, reaper_brake
from tideform.burst.runner import Instance, Job, OnLog, Work, cloud_errors
from tideform.burst.sizing import sizing
from tideform.cloud import Cloud
from tideform.errors import RefusedError, TideformError
from tideform.pools.purchase import ladder
from tideform.reaper import instances
from tideform.reaper.base import Node
from tideform.reaper.claims import Claim
from tideform.reaper.job_name import job_name
from tideform.registry.training import backends
from tideform.spec.deployment import Deployment


def runner(cloud: Cloud, deployment: Deployment, pool: str) -> Ec2Runner:
    """The runner of a pool, at the target's pace."""
    return Ec2Runner(cloud, deployment, pool, Pace.of(deployment))


@dataclass
class Ec2Runner(Begins):
    """One pool on EC2 Auto Scaling."""

    cloud: Cloud
    deployment: Deployment
    pool: str
    pace: Pace
    _end: LeaseEnd = field(init=False)
    _jobs: Jobs = field(init=False)
    _leaving: Leaving = field(init=False)

    def __post_init__(self) -> None:
        self.handle = backends()["ec2"].handle(self.deployment, self.pool)
        self._end = LeaseEnd(self.cloud, self.deployment, self.pool, self.handle)
        self._jobs = Jobs(self.cloud, self.deployment, self.pool, self.handle, self.pace)
        self._leaving = Leaving(self.cloud)

    def brakes(self) -> tuple[Brake, ...]:
        """The scheduled action, which looking whether it is missing puts, and the reaper."""
        reaper = reaper_brake(self.cloud, self.deployment, self.pool)
        return (
            self._end.brake(),
            reaper,
            idle_brake(self.deployment, self.pool),
            *budget_brakes(self.cloud, self.deployment),
        )

    def up(self, lease: Lease, halt: Halt, work: Work | None = None) -> None:
        """The end first, then the machines, down the ladder until they are there and SSM reaches them.

        So many as the job needs: ``work``, or the pool's own where that may come.
        """
        own = backends()["ec2"].held_nodes(self.deployment.spec.training[self.pool])
        self._bring(lease, halt, work.nodes if work else own)

    def widen(self, lease: Lease, work: Work, halt: Halt) -> None:
        """Bring what one job needs beyond the machines that are there: it would wait for them."""
        with cloud_errors(f"machines of {self.pool} were counted"):
            there = len(group.in_service(self.cloud, self.handle))
        if work.nodes > there:
            self._bring(lease, halt, work.nodes)

    def begin(self, lease: Lease, work: Work, halt: Halt) -> str:
        """Bring machines for all of the work, and send each part to its own. What loses one the reaper begins anew."""
        nodes = self._bring(lease, halt, self._jobs.machines(work))
        with cloud_errors(f"a job was begun on {self.pool}"):
            return " ".join(self._jobs.send(lease, work, nodes, lease.rest(self.cloud.clock())))

    def _bring(self, lease: Lease, halt: Halt, at_least: int) -> list[Machine]:
        """The pool's smallest capacity, or more; those of it that are wanted."""
        pool = self.deployment.spec.training[self.pool]
        size = sizing(pool)
        wanted = max(size.nodes, at_least)
        with cloud_errors(f"capacity of {self.pool} was brought in"):
            if ending.group(self.cloud, self.handle) is None:
                raise _not_applied(self.pool, self.handle["group"])
            self.hold_until(lease.deadline)
            climb = Climb(self.cloud, self.handle, self.pace, wanted, size.most_nodes, lambda: self._claim(lease))
            climb.climb(ladder(pool, self.deployment), halt)
            machines = climb.in_service()
            instances.tell_lease(self.cloud, machines, self._claim(lease))
            return self._jobs.ready(wanted, halt)

    def hold_until(self, deadline: int = 0) -> str:
        """Move the group's own end to the latest deadline of all its leases, at least to this one.

        To be called when a lease joins, ends, or is made longer. Raises `RefusedError` TD644 where it does not hold.
        """
        with cloud_errors(f"the end of {self.pool} was scheduled"):
            if why := self._end.put(deadline):
                raise _no_end(self.pool, why)
        return "the group's own end moved with it"

    def launch_until(self, deadline: int) -> None:
        """Tag the group: it takes new tags and replaces nothing."""
        with cloud_errors(f"the group of {self.pool} was tagged"):
            group.say_until(self.cloud, self.handle, deadline)

    def run(self, lease: Lease, work: Work, on_log: OnLog, halt: Halt) -> int:
        """Run it on its nodes and return its exit code, the first one that is not zero."""
        self.hold_until(lease.deadline)
        with cloud_errors(f"a job ran on {self.pool}"):
            return self._jobs.run(lease, work, on_log, halt, lambda: lease.rest(self.cloud.clock()))

    def end_jobs(self, lease: Lease | None) -> None:
        """Cancel the commands of one lease, or all; what is left of the leases says when the group ends."""
        with cloud_errors(f"jobs on {self.pool} were ended"):
            found = ending.commands(self.cloud, self.handle)
            mine = [one for one in found if lease is None or ending.lease_of(one) == lease.id]
            ending.cancel(self.cloud, mine)
            self._leaving.note(mine)
        if lease is not None:
            self.hold_until()

    def down(self) -> bool:
        """One step towards nothing."""
        with cloud_errors(f"capacity of {self.pool} was taken away"):
            return ending.stop(self.cloud, self.handle)

    def capacity(self) -> tuple[Instance, ...]:
        """The pool's instances by their tags."""
        with cloud_errors(f"instances of {self.pool} were counted"):
            return tuple(map(_instance, instances.standing(ending.nodes(self.cloud, self.handle))))

    def jobs(self) -> tuple[Job, ...]:
        """The pool's commands that have not ended, and those ended from here that may still save their work."""
        with cloud_errors(f"jobs on {self.pool} were listed"):
            going = ending.commands(self.cloud, self.handle)
            ids = {one["CommandId"] for one in going}
            leaving = [one for one in self._leaving.commands() if one["CommandId"] not in ids]
            return tuple(map(self._job, (*going, *leaving)))

    def wants(self) -> bool:
        """A group above zero asks for machines for as long as EC2 has none to give."""
        with cloud_errors(f"the group of {self.pool} was looked at"):
            found = ending.group(self.cloud, self.handle)
            return (found is not None and ending.asks(found)) or super().wants()

    def _job(self, command: dict[str, Any]) -> Job:
        lease, nodes = ending.lease_of(command), tuple(command["InstanceIds"])
        return Job(command["CommandId"], job_name(self.pool, lease), _status(command), lease, nodes)

    def _claim(self, lease: Lease) -> Claim:
        return claim_now(self.cloud, self.deployment, lease)


def _instance(node: Node) -> Instance:
    return Instance(node.id, node.type, node.state, node.spot, node.launched, node.reservation)


def _status(command: dict[str, Any]) -> str:
    """In the words of the other backends."""
    return "RUNNING" if command["Status"] == "InProgress" else str(command["Status"]).upper()


def _not_applied(pool: str, group: str) -> TideformError:
    return RefusedError.of(
        "TD603",
        "The pool is not applied",
        detail=f"There is no Auto Scaling group {group} for {pool}.",
        fix="Run `tideform apply` first.",
    )


def _no_end(pool: str, why: str) -> TideformError:
    return RefusedError.of(
        "TD644",
        "The end of the capacity could not be scheduled",
        detail=f"{pool}: {why}. No capacity is started, and no lease made longer, that nothing would end.",
        fix="Look at the group's scheduled actions and suspended processes; `tideform apply` makes it as it was.",
    )
