"""What CreateTrainingJob refuses, in AWS's own words where they are known.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from __future__ import annotations

import re
from typing import Any

from moto.core.utils import get_service_model

from tideform_sandbox.backends import backends
from tideform_sandbox.extension.request import AwsError

_LONGEST_RUN = 28 * 86400
_LONGEST_KEEP_ALIVE = 3600
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


def check(request: dict[str, Any], taken: bool) -> None:
    """Raise the error that AWS would."""
    name = request.get("TrainingJobName", "")
    if not _NAME.fullmatch(name):
        raise refused(f"Value '{name}' at 'trainingJobName' failed to satisfy constraint: Member must match a pattern")
    if taken:
        raise AwsError("ResourceInUse", f"Training job names must be unique within an AWS account and region: {name}")
    _check_sizes(request)
    _check_resources(request["ResourceConfig"])
    _check_times(request)
    role = str(request["RoleArn"]).rpartition("/")[2]
    if not any(found.name == role for backend in backends("iam") for found in list(backend.roles.values())):
        raise refused(f"Could not assume role {request['RoleArn']}. Please ensure that the role exists.")


def refused(message: str) -> AwsError:
    """SageMaker's error for whatever the caller got wrong."""
    return AwsError("ValidationException", message)


def _check_sizes(request: dict[str, Any]) -> None:
    algorithm = request["AlgorithmSpecification"]
    for member in ("ContainerEntrypoint", "ContainerArguments"):
        words = algorithm.get(member) or []
        if len(words) > 100 or any(len(word) > 256 or "\n" in word for word in words):
            raise refused(
                f"'algorithmSpecification.{member}' failed to satisfy constraint: at most 100 words of 256 in one line"
            )
    variables = request.get("Environment") or {}
    if len(variables) > 100 or any(len(key) > 512 or len(value) > 512 for key, value in variables.items()):
        raise refused("'environment' failed to satisfy constraint: at most 100 entries of 512 characters")


def _check_resources(resources: dict[str, Any]) -> None:
    kind = resources.get("InstanceType")
    types: Any = get_service_model("sagemaker").shape_for("TrainingInstanceType")
    if kind not in types.enum:
        raise refused(
            f"Value '{kind}' at 'resourceConfig.instanceType' failed to satisfy constraint: "
            "Member must satisfy enum value set"
        )
    if int(resources.get("KeepAlivePeriodInSeconds") or 0) > _LONGEST_KEEP_ALIVE:
        raise refused("KeepAlivePeriodInSeconds may not be longer than 3600.")


def _check_times(request: dict[str, Any]) -> None:
    stopping = request.get("StoppingCondition") or {}
    run, wait = stopping.get("MaxRuntimeInSeconds", 86400), stopping.get("MaxWaitTimeInSeconds")
    if int(run) > _LONGEST_RUN:
        raise refused("MaxRuntimeInSeconds may not be longer than 28 days.")
    if request.get("EnableManagedSpotTraining"):
        if wait is None or int(wait) < int(run):
            raise refused(
                "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds"
            )
        if request["ResourceConfig"].get("KeepAlivePeriodInSeconds"):
            raise refused("KeepAlivePeriodInSeconds is not supported with EnableManagedSpotTraining.")
    elif wait is not None:
        raise refused("MaxWaitTimeInSeconds may be given with EnableManagedSpotTraining only.")
    pending = stopping.get("MaxPendingTimeInSeconds")
    if pending is not None and int(pending) < 1800:
        raise refused("MaxPendingTimeInSeconds failed to satisfy constraint: at least 1800")
