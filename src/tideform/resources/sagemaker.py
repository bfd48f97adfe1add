"""SageMaker: models, endpoints with their configurations, and tracking servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from tideform.prices.book import book
from tideform.resources.actions import actions
from tideform.resources.base import GONE, UPDATED, Note, ResourceType
from tideform.resources.costs import FREE, NOT_IN_THE_BOOK, Cost, Planned, Price
from tideform.resources.identity import named
from tideform.resources.inventory import Area, Find, Leftover, Place, pairs
from tideform.words import counted


def _named(operation: str, key: str, noun: str, kind: str, note: str = "") -> Find:
    """A question about one SageMaker noun; what is listed has a ``<noun>Name`` and a ``<noun>Arn``."""

    def find(place: Place) -> Iterator[Leftover]:
        for found in place.pages("sagemaker", operation, key):
            name = found[f"{noun}Name"]
            tags = partial(tags_of_arn, place, found[f"{noun}Arn"])
            yield from place.claim(Leftover("sagemaker", kind, name, note=note), name, tags)

    return find


def tags_of_arn(place: Place, arn: str) -> dict[str, str]:
    """The tags of any SageMaker resource."""
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


def _variants(planned: Planned) -> Iterator[Price]:
    endpoint = planned.deployment.spec.serving.get(planned.unit)
    least, most = (0, 0) if endpoint is None else (endpoint.scale.min, endpoint.scale.max)
    for kind in ("productionVariants", "shadowProductionVariants"):
        variants = planned.inputs.get(kind)
        for variant in variants if isinstance(variants, list | tuple) else ():
            yield _variant(variant, most, least)


def _variant(variant: Any, most: int, least: int) -> Price:
    """What stands all the time; how much more it may become under load is in the note."""
    if variant.get("serverlessConfig"):
        return Price("serverless inference", None, "priced by use")
    kind, count = variant.get("instanceType"), variant.get("initialInstanceCount", 1)
    known = book().endpoint_instance(kind) if isinstance(kind, str) and isinstance(count, int) else None
    if known is None:
        return Price(f"instances of type {kind}", None, NOT_IN_THE_BOOK, missing=True)
    more = _beside(count, least, known.hourly)
    more += f"; under load up to {most} x {kind}, {most * known.hourly:,.2f} USD an hour" if most > count else ""
    return Price(f"{count} x {kind}", known.hourly * count, known.source + more)


def _beside(count: int, least: int, hourly: float) -> str:
    """A canary is at most half of what runs, so one instance is not enough for it."""
    if not 0 < least < count:
        return ""
    extra = count - least
    return f"; {extra} of them for the canary beside scale.min {least}, {extra * hourly:,.2f} USD an hour"


def _tracking(planned: Planned) -> Iterator[Price]:
    size = planned.inputs.get("trackingServerSize") or "Small"
    yield Price(f"MLflow tracking server, {size}", None, f"paid by the hour, {NOT_IN_THE_BOOK}", missing=True)


_TAG = "AddTags DeleteTags"
_SERVERS = _named(
    "list_mlflow_tracking_servers",
    "TrackingServerSummaries",
    "TrackingServer",
    "MLflow tracking server",
    "billed by the hour while it stands, by its size",
)

TYPES = (
    ResourceType(
        "aws:sagemaker/model:Model",
        terraform="aws_sagemaker_model",
        identify=named("name"),
        cost=FREE,
        inventory=Area("SageMaker models", _named("list_models", "Models", "Model", "model")),
        actions=actions(
            "sagemaker",
            create="CreateModel",
            read="DescribeModel ListTags",
            delete="DeleteModel",
            tag=_TAG,
            search="ListModels",
            passes=("sagemaker",),
        ),
        in_units=True,
    ),
    ResourceType(
        "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
        terraform="aws_sagemaker_endpoint_configuration",
        identify=named("name"),
        cost=Cost(_variants),
        inventory=Area(
            "SageMaker endpoint configurations",
            _named("list_endpoint_configs", "EndpointConfigs", "EndpointConfig", "endpoint configuration"),
        ),
        actions=actions(
            "sagemaker",
            create="CreateEndpointConfig",
            read="DescribeEndpointConfig ListTags",
            delete="DeleteEndpointConfig",
            tag=_TAG,
            search="ListEndpointConfigs",
        ),
        in_units=True,
    ),
    ResourceType(
        "aws:sagemaker/endpoint:Endpoint",
        terraform="aws_sagemaker_endpoint",
        identify=named("name"),
        cost=FREE,  # priced with its configuration
        inventory=Area("SageMaker endpoints", endpoints),
        actions=actions(
            "sagemaker",
            create="CreateEndpoint",
            read="DescribeEndpoint ListTags",
            update="UpdateEndpoint",
            delete="DeleteEndpoint",
            tag=_TAG,
            search="ListEndpoints",
        ),
        in_units=True,
        # SageMaker API, UpdateEndpoint: new instances first, old ones deleted after traffic has moved.
        notes=(
            Note(UPDATED, "drains first: new instances take the traffic over before the old ones go"),
            Note(GONE, "calls fail between the old endpoint and a new one"),
        ),
    ),
    ResourceType(
        "aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer",
        terraform="aws_sagemaker_mlflow_tracking_server",
        identify=named("trackingServerName"),
        cost=Cost(_tracking),
        inventory=Area("SageMaker MLflow servers", _SERVERS),
        actions=actions(
            "sagemaker",
            create="CreateMlflowTrackingServer",
            read="DescribeMlflowTrackingServer ListTags",
            update="UpdateMlflowTrackingServer",
            delete="DeleteMlflowTrackingServer",
            tag=_TAG,
            search="ListMlflowTrackingServers",
            passes=("sagemaker",),
        ),
        in_units=True,
    ),
)
