"""The rows, by service: resources that moto does not know, members that it forgets, names that it gives twice.

To add one, add a row here and a test in ``tests/unit/sandbox/extension``.
"""

from __future__ import annotations

from tideform_sandbox.extension.nouns import Noun
from tideform_sandbox.extension.remembered import Remembered
from tideform_sandbox.extension.taken import Taken

_SAGEMAKER = "moto.sagemaker.responses:SageMakerResponse"
_SAGEMAKER_BACKEND = "moto.sagemaker.models:SageMakerModelBackend"
_BATCH = "moto.batch.responses:BatchResponse"

NOUNS: dict[str, tuple[Noun, ...]] = {
    "sagemaker": (
        # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateMlflowTrackingServer.html
        Noun(
            service="sagemaker",
            responses=_SAGEMAKER,
            name="MlflowTrackingServer",
            plural="MlflowTrackingServers",
            key="TrackingServerName",
            arn="TrackingServerArn",
            arn_path="mlflow-tracking-server",
            defaults={
                "TrackingServerSize": "Small",
                "MlflowVersion": "2.13.2",
                "TrackingServerStatus": "Created",
                "IsActive": "Active",
                "AutomaticModelRegistration": False,
                "WeeklyMaintenanceWindowStart": "Tue:03:30",
                "TrackingServerUrl": lambda server: f"https://{server['TrackingServerName']}.mlflow.sandbox.invalid",
            },
            taken="ConflictException",
        ),
    ),
}

REMEMBERED: dict[str, tuple[Remembered, ...]] = {
    "sagemaker": (
        Remembered(
            _SAGEMAKER,
            create="create_model",
            describe="describe_model",
            key="ModelName",
            members=("EnableNetworkIsolation", "InferenceExecutionConfig"),
        ),
        Remembered(
            _SAGEMAKER,
            create="create_endpoint_config",
            describe="describe_endpoint_config",
            key="EndpointConfigName",
            members=(
                "ShadowProductionVariants",
                "ExplainerConfig",
                "EnableNetworkIsolation",
                "ExecutionRoleArn",
                "VpcConfig",
            ),
        ),
    ),
    "batch": (
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
    ),
}

TAKEN: dict[str, tuple[Taken, ...]] = {
    "sagemaker": (
        Taken(
            _SAGEMAKER_BACKEND,
            create="create_model",
            argument="model_name",
            kept_in="_models",
            code="ValidationException",
            says="Cannot create already existing model {name}.",
        ),
        Taken(
            _SAGEMAKER_BACKEND,
            create="create_endpoint_config",
            argument="endpoint_config_name",
            kept_in="endpoint_configs",
            code="ValidationException",
            says="Cannot create already existing endpoint configuration {name}.",
        ),
        Taken(
            _SAGEMAKER_BACKEND,
            create="create_endpoint",
            argument="endpoint_name",
            kept_in="endpoints",
            code="ValidationException",
            says="Cannot create already existing endpoint {name}.",
        ),
    ),
    "cloudtrail": (
        Taken(
            "moto.cloudtrail.models:CloudTrailBackend",
            create="create_trail",
            argument="name",
            kept_in="trails",
            code="TrailAlreadyExistsException",
            says="Trail {name} already exists.",
        ),
    ),
}
