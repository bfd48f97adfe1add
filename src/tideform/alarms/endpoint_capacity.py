"""An endpoint's scaling does not keep up with its load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tideform.registry.alarms import Measure
from tideform.spec.serving import Endpoint

_HEADROOM = 1.5


@dataclass(frozen=True)
class EndpointCapacity:
    """Invocations per instance stay far above the target: the maximum is reached, or instances do not come."""

    id: str = "endpoint-capacity"
    watches: Literal["endpoint"] = "endpoint"
    why: str = "Each instance has half as much again to do as was planned, for ten minutes: no more come to help."
    rolls_back: bool = False

    def applies(self, endpoint: Endpoint) -> bool:
        return endpoint.scale.target_invocations is not None

    def measure(self, endpoint_name: str, variant: str, endpoint: Endpoint) -> Measure:
        return Measure(
            why=self.why,
            namespace="AWS/SageMaker",
            metric="InvocationsPerInstance",
            dimensions={"EndpointName": endpoint_name, "VariantName": variant},
            statistic="Sum",
            threshold=_HEADROOM * (endpoint.scale.target_invocations or 0),
            period=60,
            periods=10,
            datapoints=10,
        )


ENTRY = EndpointCapacity()
