"""SageMaker: training jobs, models, endpoints and tracking servers; and what scales the endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from tideform.burst.inventory.base import Area, Find, Leftover, Place, pairs
from tideform.words import counted


def _named(operation: str, key: str, noun: str, kind: str, note: str = "") -> Find:
    """A question about one SageMaker noun; what is listed has a ``<noun>Name`` and a ``<noun>Arn``."""

    def find(place: Place) -> Iterator[Leftover]:
        for found in place.pages("sagemaker", operation, key):
            name = found[f"{noun}Name"]
            tags = partial(_tags, place, found[f"{noun}Arn"])
            yield from place.claim(Leftover("sagemaker", kind, name, note=note), name, tags)

    return find


def _tags(place: Place, arn: str) -> dict[str, str]:
    return pairs(place.pages("sagemaker", "list_tags", "Tags", ResourceArn=arn))


def endpoints(place: Place) -> Iterator[Leftover]:
    """Endpoints, with how many instances each keeps."""
    sagemaker = place.cloud.client("sagemaker")
    for endpoint in _named("list_endpoints", "Endpoints", "Endpoint", "endpoint")(place):
        found = sagemaker.describe_endpoint(EndpointName=endpoint.id)
        variants = found.get("ProductionVariants") or ()
        count = sum(int(v.get("CurrentInstanceCount", 0)) for v in variants)
        note = f"{counted(count, 'instance')}, billed by instance-hour" if count else found["EndpointStatus"].lower()
        yield replace(endpoint, note=note)


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
        name, tags = found["TrainingJobName"], _tags(place, found["TrainingJobArn"])
        for job in place.claim(Leftover("sagemaker", kind, name), name, tags):
            yield _priced(place, job) if job.ours else job


def _priced(place: Place, job: Leftover) -> Leftover:
    resources = place.cloud.client("sagemaker").describe_training_job(TrainingJobName=job.id)["ResourceConfig"]
    machine, number = resources["InstanceType"], int(resources["InstanceCount"])
    known = place.prices.instance(machine)
    return replace(job, hourly_usd=known.on_demand_usd * number if known else None, note=f"{number} of {machine}")


def scaling_targets(place: Place) -> Iterator[Leftover]:
    """What application autoscaling may scale, named after its endpoint."""
    scaling = place.cloud.client("application-autoscaling")
    targets = place.pages(
        "application-autoscaling", "describe_scalable_targets", "ScalableTargets", ServiceNamespace="sagemaker"
    )
    for found in targets:
        target = Leftover("application-autoscaling", "scaling target", found["ResourceId"])
        name = found["ResourceId"].removeprefix("endpoint/").partition("/")[0]
        arn = found["ScalableTargetARN"]
        yield from place.claim(target, name, partial(_target_tags, scaling, arn))


def _target_tags(scaling: Any, arn: str) -> dict[str, str]:
    return dict(scaling.list_tags_for_resource(ResourceARN=arn)["Tags"])


TRAINING = (
    Area("SageMaker training jobs", training_jobs),
    Area("SageMaker warm pools", warm_pools),
)
AREAS = (
    *TRAINING,
    Area("SageMaker endpoints", endpoints),
    Area(
        "SageMaker endpoint configurations",
        _named("list_endpoint_configs", "EndpointConfigs", "EndpointConfig", "endpoint configuration"),
    ),
    Area("SageMaker models", _named("list_models", "Models", "Model", "model")),
    Area(
        "SageMaker MLflow servers",
        _named(
            "list_mlflow_tracking_servers",
            "TrackingServerSummaries",
            "TrackingServer",
            "MLflow tracking server",
            "billed by the hour while it stands, by its size",
        ),
    ),
    Area("application autoscaling targets", scaling_targets),
)
