"""Model containers reach nothing but what they are handed."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.controls._evidence import dig
from tideform.controls.base import Control, Evidence, Match
from tideform.model.planned import UNKNOWN

MODEL = "aws:sagemaker/model:Model"


class SagemakerNetworkIsolation(Control):
    """Network isolation is on for every SageMaker model."""

    id = "sagemaker-network-isolation"
    title = "SageMaker models run in network isolation"
    description = (
        "Looks at every SageMaker model. In isolation its container makes no outbound call, not even to S3, "
        "so a poisoned image or model file cannot send the requests that it sees elsewhere."
    )
    fix = "set enableNetworkIsolation on the model"
    source = "https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html"

    def check(self, plan: Evidence) -> Iterator[Match]:
        for model in plan.of(MODEL):
            isolated = dig(model.after, "enableNetworkIsolation")
            unit = model.program.partition("/")[2]
            path = f"serving.{unit}" if unit else ""
            if isolated is UNKNOWN:
                detail = "whether it is isolated is only known after apply"
                yield Match(model.address, detail, path, unit, undecided=True)
            elif isolated is not True:
                yield Match(model.address, "its container may make outbound network calls", path, unit)


ENTRY = SagemakerNetworkIsolation()
