"""The engine's provider protocol over gRPC, in front of `lifecycle`; any ``kubernetes:GROUP/VERSION:KIND`` will do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as proto

from tideform.kube import Kube, KubeError
from tideform.spec.project import Cluster
from tideform_sandbox.providers.aws.kind import words
from tideform_sandbox.providers.aws.refusal import Refusal
from tideform_sandbox.providers.aws.wire import UNKNOWN, Properties, has_unknown, read_struct, seal, write_struct
from tideform_sandbox.providers.kubernetes import helm, lifecycle, objects
from tideform_sandbox.providers.kubernetes.places import Place, Stored, kube_of, store_of
from tideform_sandbox.providers.kubernetes.releases import Releases
from tideform_sandbox.providers.protocol import Half, Provider, no_lookup, plainly, property_diff, unknown_arguments

_CONFIG = words(
    "kubeconfig context cluster clusterIdentifier namespace enableServerSideApply upsertExistingObjects "
    "suppressDeprecationWarnings suppressHelmHookWarnings version pluginDownloadURL"
)


class KubernetesProvider(Provider):
    """One provider process serves every engine of a run, and so every cluster: settings come with each provider.

    The engine configures an attached provider once for each provider resource, over the same connection; here they
    all name one cluster, as a deployment has one.
    """

    name, version = "kubernetes", "4.34.2"
    refusals = (Refusal, KubeError)

    def __init__(
        self,
        cluster: Callable[[Mapping[str, Any]], Kube | None] = kube_of,
        store: Callable[[Mapping[str, Any]], Stored] = store_of,
    ) -> None:
        self._cluster_of, self._store_of = cluster, store
        self._settings: Properties = {}
        self._place: Place | None = None
        self._live = False

    def half_made(self, error: Exception) -> Half | None:
        """An object that did not become ready in time."""
        if not isinstance(error, lifecycle.UnreadyError):
            return None
        return Half(objects.identity(error.found), _told(error.found), error.reason)

    @plainly
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Refuse provider settings that would be ignored."""
        unknown = set(read_struct(request.news)) - _CONFIG
        return proto.CheckResponse(inputs=request.news, failures=unknown_arguments(unknown, "the kubernetes provider"))

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Another cluster is another place: what was in the old one is not in the new."""
        old, new = read_struct(request.olds), read_struct(request.news)
        moved = [key for key in ("clusterIdentifier", "context") if old.get(key) != new.get(key)]
        kind = proto.DiffResponse.DIFF_SOME if old != new else proto.DiffResponse.DIFF_NONE
        return proto.DiffResponse(changes=kind, replaces=moved)

    @plainly
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Take the cluster; one that is not known yet is only waited for."""
        settings = {key.removeprefix("kubernetes:config:"): value for key, value in request.variables.items()}
        settings |= read_struct(request.args)
        self._settings = {key: value for key, value in settings.items() if value is not UNKNOWN}
        kube = None if has_unknown(settings) else self._cluster_of(self._settings)
        self._live = kube is not None
        self._place = kube if kube is not None else self._store_of(self._settings)
        return proto.ConfigureResponse(supportsPreview=True, acceptSecrets=True)

    @plainly
    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Take YAML apart for the SDK's ``ConfigGroup`` and ``ConfigFile``; look nothing up."""
        if request.tok != "kubernetes:yaml:decode":
            raise no_lookup(request.tok)
        given = read_struct(request.args)
        found = helm.decode(str(given.get("text", "")), given.get("defaultNamespace"))
        answer = proto.InvokeResponse()
        getattr(answer, "return").CopyFrom(write_struct({"result": found}))  # a keyword of Python's
        return answer

    @plainly
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Give a name, and hold the object against the schema of its kind."""
        token, old, news = objects.token_of(request.urn), read_struct(request.olds), read_struct(request.news)
        if token == helm.TOKEN:
            named = self._releases().named(request.urn, old, news, request.randomSeed, self._namespace)
            return proto.CheckResponse(inputs=seal(write_struct(named), request.news))
        if token.endswith(("Patch", "List")) or not news.get("kind"):
            raise Refusal("TD503", f"{token} is not emulated by the sandbox: it is no object of its own")
        named = objects.named(request.urn, old, news, request.randomSeed, self._namespace)
        where, why = misfit(objects.body(named))
        failures = [proto.CheckFailure(property=where, reason=f"TD661: {why}")] if why else []
        return proto.CheckResponse(inputs=seal(write_struct(named), request.news), failures=failures)

    @plainly
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Compare old inputs with new ones."""
        old, new = read_struct(request.old_inputs), read_struct(request.news)
        changes = objects.differences(old, new, list(request.ignoreChanges))
        release = objects.token_of(request.urn) == helm.TOKEN
        replaces = _replaced_releases(changes) if release else objects.replacing(str(new.get("kind")), changes)
        return proto.DiffResponse(
            changes=proto.DiffResponse.DIFF_SOME if changes else proto.DiffResponse.DIFF_NONE,
            replaces=sorted({path.split(".")[0] for path in replaces}),
            diffs=sorted({each.root for each in changes}),
            detailedDiff={each.path: property_diff(each.change, replaces=each.path in replaces) for each in changes},
            hasDetailedDiff=True,
            deleteBeforeReplace=bool(replaces) and not release and objects.goes_first(old, new),
        )

    @plainly
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Make an object, or tell what it would be."""
        inputs = read_struct(request.properties)
        if request.preview:
            return proto.CreateResponse(properties=seal(write_struct(inputs), request.properties))
        if objects.token_of(request.urn) == helm.TOKEN:
            identity, state = self._releases().install(inputs, {}, request.timeout)
        else:
            adopt = str(self._settings.get("upsertExistingObjects", "")).lower() == "true"
            state = lifecycle.create(self._at(), inputs, seconds=request.timeout, adopt=adopt)
            identity = objects.identity(state)
        return proto.CreateResponse(id=identity, properties=seal(write_struct(_told(state)), request.properties))

    @plainly
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Change an object in place, or tell what it would be."""
        inputs, state = read_struct(request.news), read_struct(request.olds)
        if not request.preview:
            if objects.token_of(request.urn) == helm.TOKEN:
                _, inputs = self._releases().install(inputs, state, request.timeout)
            else:
                ignored = list(request.ignoreChanges)
                inputs = lifecycle.update(self._at(), inputs, request.id, ignored=ignored, seconds=request.timeout)
        return proto.UpdateResponse(properties=seal(write_struct(_told(inputs)), request.news))

    @plainly
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Remove an object and wait until it is gone."""
        state = read_struct(request.properties)
        if objects.token_of(request.urn) == helm.TOKEN:
            self._releases().uninstall(state, request.timeout)
        else:
            lifecycle.delete(self._at(), state, request.id, seconds=request.timeout)
        return Empty()

    @plainly
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Say what is there now; nothing when the object is gone."""
        inputs, state = read_struct(request.inputs), read_struct(request.properties)
        if objects.token_of(request.urn) == helm.TOKEN:
            found = self._releases().read(request.id, state)
        else:
            found = self._read(request.urn, request.id, inputs)
        if found is None:
            return proto.ReadResponse()
        inputs_now, state_now = (seal(write_struct(each), request.inputs) for each in found)
        return proto.ReadResponse(id=request.id, inputs=inputs_now, properties=state_now)

    def _read(self, urn: str, identity: str, inputs: Properties) -> tuple[Properties, Properties] | None:
        _, api_version, kind = objects.token_of(urn).split(":")
        api_version = inputs.get("apiVersion", api_version.removeprefix("core/"))
        namespace, name = objects.parsed_identity(identity)
        live = self._at().get(api_version, inputs.get("kind", kind), name, namespace)
        if live is None:
            return None
        told = _told(live)
        return (objects.as_asked(inputs, told) if inputs else objects.imported(told)), told

    def _at(self) -> Place:
        if self._place is None:
            raise Refusal("TD505", "the sandbox's provider was not configured")
        return self._place

    def _releases(self) -> Releases:
        return Releases(self._at(), self._store_of(self._settings), self._live)

    @property
    def _namespace(self) -> str:
        return str(self._settings.get("namespace") or "default")


def _replaced_releases(changes: list[Any]) -> list[str]:
    return [each.path for each in changes if each.path in ("name", "namespace")]


def _told(found: Properties) -> Properties:
    """An object as outputs; who owns which field is the API's own book-keeping."""
    if "metadata" not in found:
        return found
    return {**found, "metadata": {key: value for key, value in found["metadata"].items() if key != "managedFields"}}


def misfit(found: Mapping[str, Any]) -> tuple[str, str]:
    """The first place that does not fit its schema and why; two empty texts where none is found, or none is known."""
    if has_unknown(dict(found)):
        return "", ""  # judged when everything is known
    import kubernetes_validate

    try:
        kubernetes_validate.validate(dict(found), Cluster().version, strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        return "", ""
    except kubernetes_validate.ValidationError as error:
        return ".".join(str(each) for each in error.path), str(error.message)
    return "", ""
