"""SageMaker: models, endpoints and tracking servers, by name; and what scales the endpoints."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.burst.inventory.base import Area, Find, Leftover, Place


def _named(operation: str, key: str, name_key: str, kind: str, note: str = "") -> Find:
    """A question about one SageMaker noun."""

    def find(place: Place) -> Iterator[Leftover]:
        for found in place.pages("sagemaker", operation, key):
            if place.ours(found[name_key]):
                yield Leftover("sagemaker", kind, found[name_key], note=note)

    return find


def endpoints(place: Place) -> Iterator[Leftover]:
    """Endpoints, at the list price of the EC2 type under each instance; SageMaker takes more for it."""
    sagemaker = place.cloud.client("sagemaker")
    for entry in place.pages("sagemaker", "list_endpoints", "Endpoints"):
        name = entry["EndpointName"]
        if not place.ours(name):
            continue
        found = sagemaker.describe_endpoint(EndpointName=name)
        variants = found.get("ProductionVariants") or ()
        count = sum(int(v.get("CurrentInstanceCount", 0)) for v in variants)
        note = f"{count} instances, billed by instance-hour" if count else found["EndpointStatus"].lower()
        yield Leftover("sagemaker", "endpoint", name, note=note)


def scaling_targets(place: Place) -> Iterator[Leftover]:
    """What application autoscaling may scale, by the endpoint's name in the target's id."""
    targets = place.pages(
        "application-autoscaling", "describe_scalable_targets", "ScalableTargets", ServiceNamespace="sagemaker"
    )
    for found in targets:
        if place.ours(found["ResourceId"].removeprefix("endpoint/")):
            yield Leftover("application-autoscaling", "scaling target", found["ResourceId"])


AREAS = (
    Area("SageMaker endpoints", endpoints),
    Area(
        "SageMaker endpoint configurations",
        _named("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName", "endpoint configuration"),
    ),
    Area("SageMaker models", _named("list_models", "Models", "ModelName", "model")),
    Area(
        "SageMaker MLflow servers",
        _named(
            "list_mlflow_tracking_servers",
            "TrackingServerSummaries",
            "TrackingServerName",
            "MLflow tracking server",
            "billed by the hour while it stands, by its size",
        ),
    ),
    Area("application autoscaling targets", scaling_targets),
)
