"""An endpoint answers with errors of its own making."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tideform.registry.alarms import Measure
from tideform.spec.serving import Endpoint


@dataclass(frozen=True)
class EndpointErrors:
    """The mean of SageMaker's error metric is the share of calls that failed.

    https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
    """

    id: str = "endpoint-errors"
    watches: Literal["endpoint"] = "endpoint"
    why: str = "More than one call in a hundred fails inside the endpoint: its callers get no answers."
    rolls_back: bool = True

    def applies(self, endpoint: Endpoint) -> bool:  # noqa: ARG002  # every endpoint can fail
        return True

    def measure(self, endpoint_name: str, variant: str, endpoint: Endpoint) -> Measure:  # noqa: ARG002
        return Measure(
            why=self.why,
            namespace="AWS/SageMaker",
            metric="Invocation5XXErrors",
            dimensions={"EndpointName": endpoint_name, "VariantName": variant},
            statistic="Average",
            threshold=0.01,
            period=60,
        )


ENTRY = EndpointErrors()
