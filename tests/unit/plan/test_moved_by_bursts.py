"""What a refresh finds of our own bursts is not told as changed outside; what others did is."""

from __future__ import annotations

import pytest

from tideform.model.planned import PropertyChange
from tideform.resources.moved_by_bursts import by_others

ENVIRONMENT = "aws:batch/computeEnvironment:ComputeEnvironment"
GROUP = "aws:autoscaling/group:Group"


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (ENVIRONMENT, "state"),
        (ENVIRONMENT, "computeResources.minVcpus"),
        (ENVIRONMENT, "computeResources.maxVcpus"),
        (ENVIRONMENT, 'computeResources.tags["tideform:lease"]'),
        ("aws:batch/jobQueue:JobQueue", "state"),
        (GROUP, "maxSize"),
        (GROUP, "suspendedProcesses[0]"),
        (GROUP, "mixedInstancesPolicy.instancesDistribution.onDemandPercentageAboveBaseCapacity"),
        ("kubernetes:kueue.x-k8s.io/v1beta2:LocalQueue", "spec.stopPolicy"),
    ],
)
def test_what_bursts_move_is_not_told(kind: str, path: str) -> None:
    assert by_others(kind, [PropertyChange(path, 1, 0)]) == ()


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (ENVIRONMENT, 'computeResources.tags["team"]'),
        (ENVIRONMENT, "stateful"),
        (GROUP, "mixedInstancesPolicy.instancesDistribution.onDemandBaseCapacity"),
        ("aws:iam/role:Role", "state"),
    ],
)
def test_what_others_change_is_told(kind: str, path: str) -> None:
    change = PropertyChange(path, 1, 0)
    assert by_others(kind, [change]) == (change,)
