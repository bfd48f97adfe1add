"""Bursts on SageMaker: capacity and work are one training job, or one for each set of an array's variables.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tideform.backends.training.sagemaker.climb import Climb, Patience
from tideform.backends.training.sagemaker.in_account import ending
from tideform.backends.training.sagemaker.names import TrainingNames, ladder
from tideform.backends.training.sagemaker.place import find_place, find_role
from tideform.backends.training.sagemaker.request import JobOrder, request
from tideform.backends.training.sagemaker.room import Room
from tideform.burst.begin import Begins
from tideform.burst.brakes import Brake, Kind
from tideform.burst.budget_brake import budget_brakes
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease, Mode
from tideform.burst.reaper_brake import idle_brake, reaper_brake
from tideform.burst.runner import Instance, Job, OnLog, Work, cloud_errors
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.errors import RefusedError
from tideform.pools.shape import shape_of
from tideform.registry.training import backends
from tideform.spec.deployment import Deployment
from tideform.spec.training import Pool

_STATUS = {"Training": "RUNNING", "Pending": "STARTING", "Downloading": "STARTING"}  # as the other backends say it


@dataclass(frozen=True)
class Pace(Patience):
    """How often to look at jobs, and how long their machines may take to come."""

    @classmethod
    def of(cls, deployment: Deployment) -> Pace:
        """The sandbox answers at once; AWS throttles those who ask too often."""
        return cls(poll=0.2, start=5.0) if deployment.target == "local" else cls(poll=5.0, start=900.0)


@dataclass
class SageMakerRunner(Begins):
    """One pool on SageMaker."""

    cloud: Cloud
    deployment: Deployment
    pool: str
    pace: Pace

    def __post_init__(self) -> None:
        self.names = TrainingNames(self.deployment, self.pool)
        self.handle = backends()["sagemaker"].handle(self.deployment, self.pool)

    def brakes(self) -> tuple[Brake, ...]:
        """SageMaker's own clock: each job carries its longest run and wait from its start on. And the reaper."""
        kept = self._spec.keep_alive
        late = f"; its machines stay warm for up to {kept} longer" if kept else ""
        return (
            Brake(
                "maximum run time",
                Kind.BOUNDING if kept else Kind.TERMINAL,
                f"SageMaker ends each training job by its lease's deadline{late}",
                self._missing_role,
                of_pool=True,
            ),
            reaper_brake(self.cloud, self.deployment, self.pool),
            idle_brake(self.deployment, self.pool),
            *budget_brakes(self.cloud, self.deployment),
        )

    def up(self, lease: Lease, halt: Halt, work: Work | None = None) -> None:  # noqa: ARG002  # nothing to wait for
        """Nothing: machines come with the job. Raises `RefusedError` TD656 where there is to be none."""
        if lease.mode is Mode.UP:
            raise RefusedError.of(
                "TD656",
                "Capacity on SageMaker comes with a job",
                detail=f"{self.pool} has no machines but those of a training job, from its start to its end.",
                fix=f"Use `tideform burst run {self.pool}`, or a pool of the backend ec2 for work by hand.",
            )
        with cloud_errors(f"the place of {self.pool} was looked up"):
            find_place(self.cloud, self.deployment, self.pool)

    def run(self, lease: Lease, work: Work, on_log: OnLog, halt: Halt) -> int:
        """Run one job, or an array of them, where others leave room; the exit code is the first that is not 0."""
        with cloud_errors(f"a training job ran on {self.pool}"):
            waiting = deque(self._climbs(lease, work, on_log, halt))
            at_once = self._room().take(lease, work.nodes, min(work.at_once, max(len(work.array), 1)), halt)
            active: list[Climb] = []
            code = 0
            while waiting or active:
                while waiting and len(active) < at_once:
                    active.append(waiting.popleft())
                    active[-1].start()
                ended = {id(climb): found for climb in active if (found := climb.look(halt)) is not None}
                active = [climb for climb in active if id(climb) not in ended]
                code = code or next((found for found in ended.values() if found), 0)
                halt.check()
                if not ended:
                    halt.wait(self.pace.poll)
            return code

    def make_room(self, lease: Lease, work: Work, halt: Halt) -> None:
        """Wait until `begin` may have its machines, and take them: all of it begins together. Nothing is started."""
        machines = work.nodes * max(len(work.array), 1)
        with cloud_errors(f"room for a training job was looked for on {self.pool}"):
            self._room().take(lease, machines, 1, halt)

    def begin(self, lease: Lease, work: Work, halt: Halt) -> str:
        """Create the training jobs on the first rung of the ladder: nobody is there to go down it."""
        with cloud_errors(f"a training job was created on {self.pool}"):
            place, names = find_place(self.cloud, self.deployment, self.pool), []
            room = self._room()  # which `make_room` has taken
            purchase, kind = next(ladder(self._spec, shape_of(self._spec).instance_types))
            for index, own in enumerate(work.array or (None,)):
                halt.check()
                order = JobOrder(self.deployment, self.pool, lease, work, place, index, own)
                wanted = request(order, 0, purchase, kind, lease.rest(self.cloud.clock()))
                room.clear(lease, wanted, halt)
                self.cloud.client("sagemaker").create_training_job(**wanted)
                names.append(str(wanted["TrainingJobName"]))
            return " ".join(names)

    def end_jobs(self, lease: Lease | None) -> None:
        """Stop the training jobs of one lease, or all."""
        with cloud_errors(f"training jobs of {self.pool} were stopped"):
            for job in ending.jobs(self.cloud, self.handle):
                if lease is None or ending.lease_of(self.handle, job) == lease.id:
                    ending.stop_job(self.cloud, job)

    def down(self) -> bool:
        """Stop the jobs and let warm pools go."""
        with cloud_errors(f"capacity of {self.pool} was taken away"):
            return ending.stop(self.cloud, self.handle)

    def capacity(self) -> tuple[Instance, ...]:
        """The machines of running jobs, and of warm pools."""
        with cloud_errors(f"machines of {self.pool} were counted"):
            found = ending.nodes(self.cloud, self.handle)
            return tuple(
                Instance(n.id, n.type, n.state, n.spot, n.launched, n.reservation) for n in found if n.ended is None
            )

    def jobs(self) -> tuple[Job, ...]:
        """The training jobs that have not ended."""
        with cloud_errors(f"training jobs of {self.pool} were listed"):
            return tuple(self._job(found) for found in ending.jobs(self.cloud, self.handle))

    def _job(self, found: Mapping[str, Any]) -> Job:
        name = str(found["TrainingJobName"])
        stage = str(found.get("SecondaryStatus") or found["TrainingJobStatus"])
        return Job(name, name, _STATUS.get(stage, stage.upper()), self.names.lease_of(name))

    def _climbs(self, lease: Lease, work: Work, on_log: OnLog, halt: Halt) -> list[Climb]:
        place = find_place(self.cloud, self.deployment, self.pool)
        steps = tuple(ladder(self._spec, shape_of(self._spec).instance_types))
        room = self._room()
        orders = [
            JobOrder(self.deployment, self.pool, lease, work, place, index, own)
            for index, own in enumerate(work.array or (None,))
        ]
        return [
            Climb(
                self.cloud,
                order,
                steps,
                self.pace,
                rest=lambda: lease.rest(self.cloud.clock()),
                clear=lambda wanted: room.clear(lease, wanted, halt),
                on_log=on_log,
                say=halt.say,
            )
            for order in orders
        ]

    def _room(self) -> Room:
        table, most = LeaseTable.of(self.cloud, self.deployment), shape_of(self._spec).nodes
        return Room(self.cloud, table, self.pool, self.handle, most, self.pace.poll)

    def _missing_role(self) -> str:
        """Without it no job starts, and no brake is tried."""
        with cloud_errors(f"the role of {self.pool} was looked up"):
            found = find_role(self.cloud, self.deployment, self.pool)
        return "" if found else f"there is no role {self.names.role} for its jobs"

    @property
    def _spec(self) -> Pool:
        return self.deployment.spec.training[self.pool]
