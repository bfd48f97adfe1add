"""What every provider of ours says to the engine in the same words: who it is, why it refuses, what it made half.

The SDK's own provider server puts a traceback into every error and has no way to say that a resource was made half, so
ours speak the protocol themselves; calls run in threads, as clients block.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ClassVar

import grpc
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2_grpc, status_pb2
from pulumi.runtime.proto import provider_pb2 as proto

from tideform_sandbox.providers.aws.compare import Change
from tideform_sandbox.providers.aws.refusal import Refusal, crashed
from tideform_sandbox.providers.aws.wire import Properties, seal, write_struct

_KINDS_OF_CHANGE = {
    Change.ADD: (proto.PropertyDiff.ADD, proto.PropertyDiff.ADD_REPLACE),
    Change.DELETE: (proto.PropertyDiff.DELETE, proto.PropertyDiff.DELETE_REPLACE),
    Change.UPDATE: (proto.PropertyDiff.UPDATE, proto.PropertyDiff.UPDATE_REPLACE),
}
Method = Callable[[Any, Any, grpc.ServicerContext], Any]


@dataclass(frozen=True)
class Half:
    """A resource that is there and not right; without ``inputs`` they are those that were asked for."""

    identity: str
    state: Properties
    reason: str
    inputs: Properties | None = None


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The part of a provider that does not depend on what it provides."""

    name: ClassVar[str]
    version: ClassVar[str]
    refusals: ClassVar[tuple[type[Exception], ...]] = (Refusal,)

    def half_made(self, error: Exception) -> Half | None:
        """What an error leaves behind, if it leaves anything."""
        raise NotImplementedError

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """The version that the program asks for."""
        return plugin_pb2.PluginInfo(version=self.version)

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Empty:  # noqa: ARG002, N802
        """An engine comes to a provider that runs already; one provider serves all engines of a run."""
        return Empty()

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """A schema that names the package; programs bring the vendor's SDK."""
        return proto.GetSchemaResponse(schema=f'{{"name": "{self.name}", "version": "{self.version}"}}')

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:  # noqa: ARG002, N802
        """Nothing waits here for long: calls under way end by themselves."""
        return Empty()


def plainly(method: Method) -> Method:
    """Turn errors into gRPC errors whose text is one line."""

    @wraps(method)
    def answered(self: Provider, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except self.refusals as refusal:
            context.abort(grpc.StatusCode.UNKNOWN, " ".join(str(refusal).split()))
        except Exception as error:  # noqa: BLE001 - a mistake of ours becomes an answer, not a broken stream
            if half := self.half_made(error):
                given = request.properties if isinstance(request, proto.CreateRequest) else request.news
                _abort_half_made(context, half, given)
            traceback.print_exc()  # for the engine's log; the user gets one line
            context.abort(grpc.StatusCode.UNKNOWN, str(crashed(error)))

    return answered


def unknown_arguments(unknown: Iterable[str], of: str) -> list[Any]:
    """Arguments that would be ignored, as failures of a check."""
    reason = f"TD503: the sandbox does not know this argument of {of}"
    return [proto.CheckFailure(property=key, reason=reason) for key in sorted(unknown)]


def no_lookup(token: str) -> Refusal:
    """Programs look nothing up: a plan is a function of the spec, the data and the state."""
    return Refusal("TD503", f"{token} is not answered by the sandbox: programs look nothing up at plan time")


def property_diff(change: Change, *, replaces: bool) -> Any:
    """One change of an input."""
    return proto.PropertyDiff(kind=_KINDS_OF_CHANGE[change][int(replaces)], inputDiff=True)


def _abort_half_made(context: grpc.ServicerContext, half: Half, given: Any) -> None:
    detail = Packed()
    detail.Pack(
        proto.ErrorResourceInitFailed(
            id=half.identity,
            inputs=given if half.inputs is None else seal(write_struct(half.inputs), given),
            properties=seal(write_struct(half.state), given),
            reasons=[half.reason],
        )
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=half.reason, details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, half.reason)
