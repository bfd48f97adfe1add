"""An endpoint takes too long to answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tideform.registry.alarms import Measure
from tideform.spec.serving import Endpoint

_ONE_SECOND = 1_000_000  # SageMaker measures latency in microseconds


@dataclass(frozen=True)
class EndpointLatency:
    """The slowest call in a hundred, without the network on the way to the caller."""

    id: str = "endpoint-latency"
    watches: Literal["endpoint"] = "endpoint"
    why: str = "One call in a hundred takes the model more than a second: callers run into their time-outs."
    rolls_back: bool = True

    def applies(self, endpoint: Endpoint) -> bool:  # noqa: ARG002  # every endpoint can be slow
        return True

    def measure(self, endpoint_name: str, variant: str, endpoint: Endpoint) -> Measure:  # noqa: ARG002
        return Measure(
            why=self.why,
            namespace="AWS/SageMaker",
            metric="ModelLatency",
            dimensions={"EndpointName": endpoint_name, "VariantName": variant},
            statistic="p99",
            threshold=_ONE_SECOND,
            period=60,
        )


ENTRY = EndpointLatency()
