"""When objects are ready."""

from __future__ import annotations

from typing import Any

import pytest

from tideform_sandbox.providers.kubernetes.awaiting import patience, unready


def found(api_version: str, kind: str, status: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"generation": 2}, "spec": spec, "status": status}


AVAILABLE = {"observedGeneration": 2, "availableReplicas": 2, "updatedReplicas": 2}
READY = {"conditions": [{"type": "Ready", "status": "True"}]}
NOT_READY = {"conditions": [{"type": "Ready", "status": "False", "reason": "NoAmi", "message": "none found"}]}


@pytest.mark.parametrize(
    "ready",
    [
        found("apps/v1", "Deployment", AVAILABLE, replicas=2),
        found("apps/v1", "Deployment", {"observedGeneration": 2}, replicas=0),
        found("batch/v1", "Job", {"active": 1}),
        found("v1", "ConfigMap"),
        found("karpenter.sh/v1", "NodePool", READY),
        found("kueue.x-k8s.io/v1beta1", "LocalQueue", {"conditions": [{"type": "Active", "status": "False"}]}),
    ],
    ids=lambda each: each["kind"],
)
def test_it_is_ready(ready: dict[str, Any]) -> None:
    assert unready(ready) == ""


@pytest.mark.parametrize(
    ("waiting", "reason"),
    [
        (found("apps/v1", "Deployment", AVAILABLE, replicas=3), "2 of 3 replicas are available."),
        (found("apps/v1", "Deployment", {**AVAILABLE, "observedGeneration": 1}), "its controller has not seen it yet"),
        (found("apiextensions.k8s.io/v1", "CustomResourceDefinition", {}), "it is not established yet"),
        (found("karpenter.k8s.aws/v1", "EC2NodeClass", NOT_READY), "NoAmi: none found"),
    ],
    ids=["replicas", "generation", "definition", "condition"],
)
def test_it_is_waited_for_with_a_reason(waiting: dict[str, Any], reason: str) -> None:
    assert unready(waiting) == reason


@pytest.mark.parametrize(
    ("annotations", "given", "seconds"),
    [
        ({}, 0.0, 600.0),
        ({"pulumi.com/timeoutSeconds": "30"}, 0.0, 30.0),
        ({"pulumi.com/timeoutSeconds": "30"}, 60.0, 60.0),
        ({"pulumi.com/skipAwait": "true"}, 60.0, 0.0),
    ],
)
def test_how_long_to_wait(annotations: dict[str, str], given: float, seconds: float) -> None:
    assert patience({"metadata": {"annotations": annotations}}, given) == seconds
