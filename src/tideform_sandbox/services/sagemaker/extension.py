"""SageMaker: UpdateEndpoint, the instance types of today, and tags on what `nouns` keeps."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import get_service_model, utcnow
from moto.sagemaker.models import FakeEndpointConfig, SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

from tideform_sandbox.extension.nouns import Store
from tideform_sandbox.extension.request import AwsError, parameters, put


def install(store: Store) -> None:
    """Extend moto's SageMaker."""
    put(SageMakerResponse, "update_endpoint", _update_endpoint)
    put(FakeEndpointConfig, "validate_instance_type", _validate_instance_type)
    original = SageMakerModelBackend._get_resource_from_arn

    def resource_from_arn(self: Any, arn: str) -> Any:
        document = store.by_arn(arn)
        return original(self, arn) if document is None else document

    put(SageMakerModelBackend, "_get_resource_from_arn", resource_from_arn)


def _update_endpoint(self: Any) -> Any:
    """Deploy another configuration. https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html"""
    given = parameters(self)
    backend = self.sagemaker_backend
    endpoint = backend.endpoints.get(given["EndpointName"])
    config = backend.endpoint_configs.get(given["EndpointConfigName"])
    if endpoint is None:
        raise AwsError("ValidationException", f'Could not find endpoint "{given["EndpointName"]}".')
    if config is None:
        name = given["EndpointConfigName"]
        raise AwsError("ValidationException", f'Could not find endpoint configuration "{name}".')
    endpoint.endpoint_config_name = config.endpoint_config_name
    endpoint.production_variants = endpoint._process_production_variants(config.production_variants)
    endpoint.data_capture_config = config.data_capture_config
    endpoint.last_modified_time = utcnow()
    return ActionResult({"EndpointArn": endpoint.arn})


def _validate_instance_type(_: Any, instance_type: str) -> None:
    """What botocore's model allows; moto's own list ends in 2020."""
    shape: Any = get_service_model("sagemaker").shape_for("ProductionVariantInstanceType")
    if instance_type not in shape.enum:
        raise AwsError(
            "ValidationException",
            f"Value '{instance_type}' at 'productionVariants.1.member.instanceType' failed to satisfy constraint: "
            "Member must satisfy enum value set",
        )
