"""What moto lacks of this service and a table can say; see `tideform_sandbox.extension`."""

from __future__ import annotations

from tideform_sandbox.extension.nouns import Noun
from tideform_sandbox.extension.remembered import Remembered
from tideform_sandbox.extension.rows import Rows
from tideform_sandbox.extension.taken import Taken

_SAGEMAKER = "moto.sagemaker.responses:SageMakerResponse"
_SAGEMAKER_BACKEND = "moto.sagemaker.models:SageMakerModelBackend"

_NOUNS: tuple[Noun, ...] = (
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
)

_REMEMBERED: tuple[Remembered, ...] = (
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
)

_TAKEN: tuple[Taken, ...] = (
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
)

ROWS = Rows(nouns=_NOUNS, remembered=_REMEMBERED, taken=_TAKEN)
