"""A SageMaker real-time endpoint: model, configuration, the endpoint itself, and who may roll it back."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tideform.backends.serving.sagemaker.autoscaling import EndpointScaling
from tideform.backends.serving.sagemaker.role import endpoint_statements
from tideform.backends.serving.sagemaker.rollout import deployment_config, first_instances, rollback_measures
from tideform.backends.serving.sagemaker.sklearn_image import sklearn_image
from tideform.components.base import Component
from tideform.components.iam.policies import trust
from tideform.components.iam.roles import ServiceRole
from tideform.components.jobs.environment import image_of
from tideform.components.monitoring.alarm import metric_alarm
from tideform.components.monitoring.logs import log_group
from tideform.components.names import CAPTURES, VARIANT
from tideform.components.program import judged
from tideform.pools.local_storage import has_local_storage
from tideform.registry.serving import EndpointOrder

_CAPTURED = ("Input", "Output")


class ModelEndpoint(Component):
    """One endpoint with one variant.

    Model and configuration cannot change, so they carry a hash of their inputs in their names: the new ones stand
    beside the old until the endpoint has moved over.
    """

    def __init__(self, order: EndpointOrder) -> None:
        super().__init__("endpoint", order.scope, order.opts)
        self.order, self.unit = order, order.scope.unit or order.name
        self.name = self.scope.name(self.unit)
        self.image = _image(order)
        log_name = f"/aws/sagemaker/Endpoints/{self.name}"  # where SageMaker writes, whether it is there or not
        self.log_group = log_group(self.unit, log_name, self.scope, order.site.key_arn, self.named())
        self.role = ServiceRole(
            f"{self.unit}-model",
            self.scope,
            trust=trust("sagemaker.amazonaws.com", self.scope.account),
            description="What the endpoint's containers may do",
            statements=endpoint_statements(order, log_name, self.image),
            opts=self.nameless,
        )
        self.model = self._model()
        self.configuration = self._configuration()
        self.endpoint = self._endpoint()
        alarms = [self.scope.name(part, limit=255) for part in rollback_measures(order, self.name, VARIANT)]
        judged(self.endpoint, self.name, self.configuration.name, alarms)
        if order.endpoint.scale.max > order.endpoint.scale.min:
            EndpointScaling(order, self.name, VARIANT, pulumi.ResourceOptions(parent=self, depends_on=[self.endpoint]))

    def _model(self) -> aws.sagemaker.Model:
        wanted, site = self.order.endpoint.model, self.order.site
        role = self.scope.role_arn(self.scope.name(f"{self.unit}-model", limit=64))
        container: dict[str, Any] = {
            "image": self.image,
            "model_data_url": f"s3://{self.scope.store_bucket(wanted.from_)}/{self.order.model_key}",
            "mode": "SingleModel",
            "environment": _entry_point(wanted.image),
        }
        place: dict[str, Any] = {"subnets": site.subnet_ids, "security_group_ids": [site.security_group_id]}
        return aws.sagemaker.Model(
            self.unit,
            name=self.hashed_name(self.unit, [role, container, place]),
            execution_role_arn=role,
            enable_network_isolation=True,
            primary_container=aws.sagemaker.ModelPrimaryContainerArgs(**container),
            vpc_config=aws.sagemaker.ModelVpcConfigArgs(**place),
            tags=self.scope.tags(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=self.role.policies),
        )

    def _configuration(self) -> aws.sagemaker.EndpointConfiguration:
        endpoint = self.order.endpoint
        key = None if has_local_storage(endpoint.instance_type) else self.order.site.key_arn
        variant: dict[str, Any] = {
            "variant_name": VARIANT,
            "model_name": self.model.name,
            "instance_type": endpoint.instance_type,
            "initial_instance_count": first_instances(endpoint),
            "initial_variant_weight": 1.0,
        }
        capture = None if endpoint.capture is None else self._capture(endpoint.capture.sample.value)
        return aws.sagemaker.EndpointConfiguration(
            self.unit,
            name=self.hashed_name(self.unit, [key, variant, capture, _CAPTURED]),
            kms_key_arn=key,
            production_variants=[aws.sagemaker.EndpointConfigurationProductionVariantArgs(**variant)],
            data_capture_config=None if capture is None else _capturing(capture),
            tags=self.scope.tags(),
            opts=self.nameless,
        )

    def _capture(self, sample: int) -> dict[str, Any]:
        return {
            "enable_capture": True,
            "initial_sampling_percentage": sample,
            "destination_s3_uri": f"s3://{self.scope.deployment.unique_name(CAPTURES)}/{self.unit}",
            "kms_key_id": self.order.site.key_arn,
        }

    def _endpoint(self) -> aws.sagemaker.Endpoint:
        measures = rollback_measures(self.order, self.name, VARIANT)
        alarms: list[pulumi.Resource] = [
            metric_alarm(part, measure, self.scope, actions=[], opts=self.named()) for part, measure in measures.items()
        ]
        options: dict[str, Any] = {"depends_on": [self.log_group, *alarms]}
        return aws.sagemaker.Endpoint(
            self.unit,
            name=self.name,
            endpoint_config_name=self.configuration.name,
            deployment_config=deployment_config(self.order.endpoint.rollout, measures, self.scope),
            tags=self.scope.tags(),
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True, **options),
        )


def _capturing(config: dict[str, Any]) -> aws.sagemaker.EndpointConfigurationDataCaptureConfigArgs:
    option = aws.sagemaker.EndpointConfigurationDataCaptureConfigCaptureOptionArgs
    return aws.sagemaker.EndpointConfigurationDataCaptureConfigArgs(
        **config, capture_options=[option(capture_mode=mode) for mode in _CAPTURED]
    )


def _image(order: EndpointOrder) -> str:
    named = order.endpoint.model.image
    return image_of(named, order.scope) if named else sklearn_image(order.scope)


def _entry_point(image: str | None) -> dict[str, str]:
    """Where AWS's scikit-learn image finds the code: ``code/inference.py`` in the model's archive."""
    if image is not None:
        return {}
    return {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
