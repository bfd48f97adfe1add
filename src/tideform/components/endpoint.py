"""A SageMaker real-time endpoint: model, configuration, the endpoint itself, and who may roll it back."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tideform.catalogue.serving.base import EndpointOrder
from tideform.components.alarm import metric_alarm
from tideform.components.autoscaling import EndpointScaling
from tideform.components.base import Component
from tideform.components.endpoint_role import endpoint_statements
from tideform.components.job_environment import image_of
from tideform.components.local_storage import has_local_storage
from tideform.components.logs import log_group
from tideform.components.names import CAPTURES, VARIANT
from tideform.components.policies import trust
from tideform.components.roles import ServiceRole
from tideform.components.rollout import deployment_config, first_instances, rollback_measures
from tideform.components.sklearn_image import sklearn_image


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
        self.model_name, self.model = self._model()
        self.configuration = self._configuration()
        self.endpoint = self._endpoint()
        if order.endpoint.scale.max > order.endpoint.scale.min:
            EndpointScaling(order, self.name, VARIANT, pulumi.ResourceOptions(parent=self, depends_on=[self.endpoint]))

    def _model(self) -> tuple[str, aws.sagemaker.Model]:
        wanted = self.order.endpoint.model
        data = f"s3://{self.scope.store_bucket(wanted.from_)}/{self.order.model_key}"
        name = self.scope.hashed_name(self.unit, [self.image, data, self.scope.network])
        model = aws.sagemaker.Model(
            self.unit,
            name=name,
            execution_role_arn=self.role.arn,
            enable_network_isolation=True,
            primary_container=aws.sagemaker.ModelPrimaryContainerArgs(
                image=self.image, model_data_url=data, mode="SingleModel", environment=_entry_point(wanted.image)
            ),
            vpc_config=aws.sagemaker.ModelVpcConfigArgs(
                subnets=self.order.site.subnet_ids,
                security_group_ids=[self.order.site.security_group_id],
            ),
            tags=self.scope.tags(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=self.role.policies),
        )
        return name, model

    def _configuration(self) -> aws.sagemaker.EndpointConfiguration:
        endpoint = self.order.endpoint
        sample = endpoint.capture.sample.value if endpoint.capture else None
        count = first_instances(endpoint)
        inputs = [self.model_name, endpoint.instance_type, count, sample]
        return aws.sagemaker.EndpointConfiguration(
            self.unit,
            name=self.scope.hashed_name(self.unit, inputs),
            kms_key_arn=None if has_local_storage(endpoint.instance_type) else self.order.site.key_arn,
            production_variants=[
                aws.sagemaker.EndpointConfigurationProductionVariantArgs(
                    variant_name=VARIANT,
                    model_name=self.model.name,
                    instance_type=endpoint.instance_type,
                    initial_instance_count=count,
                    initial_variant_weight=1.0,
                )
            ],
            data_capture_config=None if sample is None else self._capture(sample),
            tags=self.scope.tags(),
            opts=self.nameless,
        )

    def _capture(self, sample: int) -> aws.sagemaker.EndpointConfigurationDataCaptureConfigArgs:
        option = aws.sagemaker.EndpointConfigurationDataCaptureConfigCaptureOptionArgs
        return aws.sagemaker.EndpointConfigurationDataCaptureConfigArgs(
            enable_capture=True,
            initial_sampling_percentage=sample,
            destination_s3_uri=f"s3://{self.scope.deployment.unique_name(CAPTURES)}/{self.unit}",
            kms_key_id=self.order.site.key_arn,
            capture_options=[option(capture_mode="Input"), option(capture_mode="Output")],
        )

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


def _image(order: EndpointOrder) -> str:
    named = order.endpoint.model.image
    return image_of(named, order.scope) if named else sklearn_image(order.scope)


def _entry_point(image: str | None) -> dict[str, str]:
    """Where AWS's scikit-learn image finds the code: ``code/inference.py`` in the model's archive."""
    if image is not None:
        return {}
    return {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
