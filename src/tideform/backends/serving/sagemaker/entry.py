"""``backend: sagemaker``: a real-time SageMaker endpoint in the private network, with autoscaling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tideform.diagnostics import Diagnostic
from tideform.registry.serving import EndpointOrder, Exports, Pins
from tideform.spec.deployment import Deployment
from tideform.spec.problems import error_at
from tideform.spec.serving import Endpoint

_LONGEST_BAKE = 3600  # seconds: SageMaker's longest WaitIntervalInSeconds
_LARGEST_CANARY = 50  # per cent of the fleet
_FEWEST_FOR_A_CANARY = 2  # instances


@dataclass(frozen=True)
class SageMaker:
    """A model, an endpoint configuration and an endpoint, named so that a new version can stand beside the old."""

    id: str = "sagemaker"
    summary: str = "SageMaker real-time endpoint with autoscaling"
    interface_endpoints: tuple[str, ...] = ("sagemaker.runtime",)

    def problems(self, name: str, endpoint: Endpoint) -> list[Diagnostic]:
        """Modes of later versions, and figures that SageMaker does not take."""
        return [*_of_scale(name, endpoint), *_of_rollout(name, endpoint)]

    def deferred(self, deployment: Deployment, name: str, endpoint: Endpoint, pins: Pins) -> str | None:
        """An endpoint waits until its model's version is pinned for the environment."""
        if name in pins:
            return None
        model = endpoint.model
        return f"version {model.version} of {model.from_} is not pinned for {deployment.environment} yet"

    def build(self, order: EndpointOrder) -> Exports:
        """Role, log group, model, configuration, rollback alarms, endpoint and autoscaling."""
        from tideform.backends.serving.sagemaker.endpoint import ModelEndpoint

        built = ModelEndpoint(order)
        return {"endpoint_name": built.endpoint.name, "endpoint_arn": built.endpoint.arn}


def _of_scale(name: str, endpoint: Endpoint) -> Iterator[Diagnostic]:
    scale = endpoint.scale
    if scale.min == 0:
        yield error_at(
            "TD208",
            "A real-time endpoint cannot scale to zero",
            f"serving.{name}.scale.min",
            detail="SageMaker keeps at least one instance of a real-time variant.",
            fix="Write min: 1.",
        )
    if scale.max < scale.min:
        yield error_at(
            "TD209",
            "An endpoint's range of instances is empty",
            f"serving.{name}.scale.max",
            detail=f"At most {scale.max} and at least {scale.min} instances leave no number.",
            fix=f"Write max: {scale.min} or more.",
        )


def _of_rollout(name: str, endpoint: Endpoint) -> Iterator[Diagnostic]:
    rollout = endpoint.rollout
    if rollout is None:
        return
    if rollout.canary is not None and endpoint.scale.max < _FEWEST_FOR_A_CANARY:
        yield error_at(
            "TD211",
            "A canary is too large or empty",
            f"serving.{name}.rollout.canary",
            detail="One instance cannot be shared: SageMaker's canary is at most half of the instances.",
            fix="Write scale: {min: 1, max: 2} or more, or take the canary out.",
        )
    elif rollout.canary is not None and not 1 <= rollout.canary.value <= _LARGEST_CANARY:
        yield error_at(
            "TD211",
            "A canary is too large or empty",
            f"serving.{name}.rollout.canary",
            detail=f"SageMaker takes canaries from 1% to {_LARGEST_CANARY}% of the instances.",
            fix="Write canary: 10%.",
        )
    if rollout.bake.seconds > _LONGEST_BAKE:
        yield error_at(
            "TD212",
            "A rollout bakes for too long",
            f"serving.{name}.rollout.bake",
            detail=f"SageMaker waits at most an hour between steps, not {rollout.bake}.",
            fix="Write bake: 1h or less.",
        )


ENTRY = SageMaker()
