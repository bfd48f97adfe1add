"""SageMaker: training jobs that run, and the machines that they leave behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tideform.resources.inventory import Area, Leftover, Place
from tideform.resources.sagemaker import tags_of_arn


def training_jobs(place: Place) -> Iterator[Leftover]:
    """Training jobs that have not ended, with what their machines cost an hour at list price."""
    for status in ("InProgress", "Stopping"):
        yield from _training(place, "training job", StatusEquals=status)


def warm_pools(place: Place) -> Iterator[Leftover]:
    """The machines that ended training jobs have left behind; they are paid for until they are let go."""
    yield from _training(place, "warm pool", WarmPoolStatusEquals="Available")


def _training(place: Place, kind: str, **wanted: str) -> Iterator[Leftover]:
    """By their tags: a job's name is cut where a pool's is long. Those that run now are few, whoever they belong to."""
    for found in place.pages("sagemaker", "list_training_jobs", "TrainingJobSummaries", **wanted):
        name, tags = found["TrainingJobName"], tags_of_arn(place, found["TrainingJobArn"])
        for job in place.claim(Leftover("sagemaker", kind, name), name, tags):
            yield _priced(place, job) if job.ours else job


def _priced(place: Place, job: Leftover) -> Leftover:
    resources = place.cloud.client("sagemaker").describe_training_job(TrainingJobName=job.id)["ResourceConfig"]
    machine, number = resources["InstanceType"], int(resources["InstanceCount"])
    known = place.prices.instance(machine)
    return replace(job, hourly_usd=known.on_demand_usd * number if known else None, note=f"{number} of {machine}")


AREAS = (
    Area("SageMaker training jobs", training_jobs),
    Area("SageMaker warm pools", warm_pools),
)
