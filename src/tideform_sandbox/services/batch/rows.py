"""What moto lacks of this service and a table can say; see `tideform_sandbox.extension`."""

from __future__ import annotations

from tideform_sandbox.extension.remembered import Remembered
from tideform_sandbox.extension.rows import Rows

_BATCH = "moto.batch.responses:BatchResponse"

_REMEMBERED: tuple[Remembered, ...] = (
    Remembered(
        _BATCH,
        create="createjobqueue",
        describe="describejobqueues",
        update="updatejobqueue",
        key="jobQueueArn",
        items="jobQueues",
        members=("jobStateTimeLimitActions",),
    ),
    Remembered(
        _BATCH,
        create="registerjobdefinition",
        describe="describejobdefinitions",
        key="jobDefinitionArn",
        items="jobDefinitions",
        members=("schedulingPriority", "propagateTags", "consumableResourceProperties", "nodeProperties"),
    ),
    Remembered(
        _BATCH,
        create="createcomputeenvironment",
        describe="describecomputeenvironments",
        update="updatecomputeenvironment",
        key="computeEnvironmentArn",
        items="computeEnvironments",
        members=("updatePolicy", "unmanagedvCpus", "context"),
    ),
)

ROWS = Rows(remembered=_REMEMBERED)
