"""SageMaker models, endpoint configurations, endpoints and MLflow tracking servers.

All four work alike: a create operation whose members have the vendor's names, a describe operation, tags by ARN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.shapes import Names, from_api

_TAGGER = tagging.Tagger("sagemaker", "ResourceArn", tag="add_tags", untag="delete_tags")


@dataclass(frozen=True)
class _Noun:
    """One kind of thing: its word in operation names, the member that names it, and how arguments map."""

    word: str
    name: str  # the input
    member: str  # of the request
    asked: frozenset[str]
    arn: str  # the member of an answer
    names: Names = field(default_factory=dict)
    updated: frozenset[str] = frozenset()  # inputs that an update operation takes
    also: Mapping[str, str] = field(default_factory=dict)  # outputs, and the member that tells them

    def create(self, context: Context, inputs: Inputs) -> str:
        given = {key: inputs[key] for key in self.asked if inputs.get(key) not in (None, "", [], {})}
        tags = {"Tags": tagging.as_pairs(inputs["tags"])} if inputs.get("tags") else {}
        context.send("sagemaker", f"create_{self.word}", given, self._names, **tags)
        return str(inputs[self.name])

    def settle(self, context: Context, identity: str, old: Inputs, new: Inputs) -> None:
        if not old:
            return
        changed = {key: new[key] for key in self.updated if old.get(key) != new.get(key) and key in new}
        if changed:
            context.send("sagemaker", f"update_{self.word}", {self.name: identity, **changed}, self._names)
        _TAGGER.settle(context, self._describe(context, identity)[self.arn], old, new)

    def read(self, context: Context, identity: str, inputs: Inputs) -> Live | None:
        found = self._describe(context, identity)
        told = from_api(found, self._names, inputs)
        arn = found[self.arn]
        tags = context.call("sagemaker", "list_tags", ResourceArn=arn)["Tags"]
        return {
            **{key: told.get(key) for key in self.asked if key in told},
            **{key: found.get(member, "") for key, member in self.also.items()},
            self.name: identity,
            "arn": arn,
            "tags": tagging.as_tags(tags),
        }

    def delete(self, context: Context, identity: str, _state: State) -> None:
        context.call("sagemaker", f"delete_{self.word}", **{self.member: identity})

    @property
    def _names(self) -> Names:
        return {self.name: self.member, **self.names}

    def _describe(self, context: Context, identity: str) -> Live:
        return context.call("sagemaker", f"describe_{self.word}", **{self.member: identity})


_MODEL = _Noun(
    word="model",
    name="name",
    member="ModelName",
    asked=words("name executionRoleArn primaryContainer containers vpcConfig enableNetworkIsolation"),
    arn="ModelArn",
)

_CONFIGURATION = _Noun(
    word="endpoint_config",
    name="name",
    member="EndpointConfigName",
    asked=words(
        "name productionVariants shadowProductionVariants dataCaptureConfig asyncInferenceConfig kmsKeyArn "
        "executionRoleArn"
    ),
    arn="EndpointConfigArn",
    names={"kmsKeyArn": "KmsKeyId", "memorySizeInMb": "MemorySizeInMB"},
)

_ENDPOINT = _Noun(
    word="endpoint",
    name="name",
    member="EndpointName",
    asked=words("name endpointConfigName deploymentConfig"),
    arn="EndpointArn",
    updated=words("endpointConfigName deploymentConfig"),
)

_TRACKING = _Noun(
    word="mlflow_tracking_server",
    name="trackingServerName",
    member="TrackingServerName",
    asked=words(
        "trackingServerName artifactStoreUri roleArn trackingServerSize mlflowVersion automaticModelRegistration "
        "weeklyMaintenanceWindowStart"
    ),
    arn="TrackingServerArn",
    updated=words("artifactStoreUri trackingServerSize automaticModelRegistration weeklyMaintenanceWindowStart"),
    also={"trackingServerUrl": "TrackingServerUrl"},
)


def _kind(token: str, noun: _Noun, *, computed: str = "", fixed: frozenset[str] | None = None, **more: object) -> Kind:
    return Kind(
        type=token,
        inputs=noun.asked | {"tags"},
        computed=words("arn tagsAll") | words(computed),
        replaces=noun.asked - noun.updated if fixed is None else fixed,
        exact=words("tags environment"),
        name=noun.name,
        create=noun.create,
        settle=noun.settle,
        read=noun.read,
        delete=noun.delete,
        **more,  # type: ignore[arg-type]
    )


KINDS = (
    _kind("aws:sagemaker/model:Model", _MODEL, stored_only=words("inferenceExecutionConfig")),
    _kind("aws:sagemaker/endpointConfiguration:EndpointConfiguration", _CONFIGURATION),
    _kind("aws:sagemaker/endpoint:Endpoint", _ENDPOINT),
    _kind(
        "aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer",
        _TRACKING,
        computed="trackingServerUrl mlflowVersion weeklyMaintenanceWindowStart",
        defaults={"trackingServerSize": "Small"},
    ),
)
