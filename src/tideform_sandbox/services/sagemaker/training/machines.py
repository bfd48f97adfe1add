"""The machines of training jobs: whether they can be had, and what they cost while they are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tideform_sandbox.bill.ledger import Entry, whole_seconds
from tideform_sandbox.market.market import ML_NO_CAPACITY
from tideform_sandbox.market.spot import SHARE
from tideform_sandbox.market.supply import Standing
from tideform_sandbox.services.sagemaker.training.job import TrainingJob
from tideform_sandbox.services.sagemaker.training.plans import Plans
from tideform_sandbox.world import World


class Machines:
    """Those of one region. Not thread-safe: the plane's lock guards it."""

    def __init__(self, world: World, place: str, jobs: Callable[[], Iterable[TrainingJob]]) -> None:
        self._world, self._jobs = world, jobs
        self.plans = Plans(world, place, jobs)
        world.market.standing.append(self._standing)

    def refusal(self, job: TrainingJob, now: float) -> str | None:
        """The code with which SageMaker would refuse the job's machines now. Raises `AwsError` for no plan of its."""
        if job.plan:
            return ML_NO_CAPACITY if self.plans.refuses(job, now) else None
        return self._world.market.launch_refusal(job.kind, job.region, job.spot, job.count, now)

    def come(self, job: TrainingJob, now: float) -> None:
        """They are there, and cost from now on."""
        job.attempt += 1
        job.started = now if job.started is None else job.started
        job.on_since = now
        self.enter(job, f"{job.name}/{job.attempt}", now, is_spot=job.spot)

    def go(self, job: TrainingJob, now: float) -> None:
        """They cost nothing more."""
        if job.on_since is not None:
            job.billed += now - job.on_since
            job.billable += whole_seconds(now - job.on_since, _share(is_spot=job.spot))
            self._world.ledger.end(f"{job.name}/{job.attempt}", now)
        job.on_since, job.has_machines = None, False

    def enter(self, job: TrainingJob, name: str, now: float, *, is_spot: bool) -> None:
        """Put them into the sandbox's account."""
        price = 0.0 if job.plan else self._world.list_price(job.kind)  # a plan is paid for before it begins
        share = _share(is_spot=is_spot)
        entry = Entry(name, "sagemaker", job.kind, job.region, is_spot, now, price, job.count, share)
        self._world.ledger.start(entry, lambda: {tag["Key"]: tag["Value"] for tag in job.tags})

    def _standing(self) -> Iterator[Standing]:
        for job in self._jobs():
            if job.has_machines and not job.plan:
                yield Standing(job.kind, job.region, job.spot, job.count)


def _share(*, is_spot: bool) -> float:
    return SHARE if is_spot else 1.0
