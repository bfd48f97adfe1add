"""The engine's provider protocol over gRPC, in front of `lifecycle`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as proto

from tideform_sandbox.providers.aws import lifecycle
from tideform_sandbox.providers.aws.context import Context, current
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, words
from tideform_sandbox.providers.aws.refusal import Refusal
from tideform_sandbox.providers.aws.registry import kind_of
from tideform_sandbox.providers.aws.wire import Properties, read_struct, seal, write_struct
from tideform_sandbox.providers.protocol import Half, Provider, no_lookup, plainly, property_diff, unknown_arguments

_CONFIG = words(
    "region allowedAccountIds skipCredentialsValidation skipRegionValidation skipMetadataApiCheck "
    "skipRequestingAccountId version pluginDownloadURL ignoreTags"
)


class SandboxProvider(Provider):
    """One provider process: configured once, then asked about many resources at a time."""

    name, version = "aws", "7.51.1"

    def __init__(self, connect: Callable[[str | None], Context] = current) -> None:
        self._connect = connect
        self._contexts: dict[str | None, Context] = {}
        self._region: str | None = None
        self._ignored: frozenset[str] = frozenset()

    def half_made(self, error: Exception) -> Half | None:
        """A resource whose later parts AWS refused."""
        if not isinstance(error, lifecycle.HalfMadeError):
            return None
        return Half(error.identity, error.state, str(error.reason), error.inputs)

    @plainly
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Refuse provider settings that would be ignored."""
        news = read_struct(request.news)
        return proto.CheckResponse(
            inputs=request.news, failures=unknown_arguments(sorted(set(news) - _CONFIG), "aws provider")
        )

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Settings of the provider never replace its resources."""
        changed = read_struct(request.olds) != read_struct(request.news)
        return proto.DiffResponse(changes=proto.DiffResponse.DIFF_SOME if changed else proto.DiffResponse.DIFF_NONE)

    @plainly
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Take region and allowed accounts. Refuses an account that is not allowed."""
        settings = {key.removeprefix("aws:config:"): value for key, value in request.variables.items()}
        settings |= read_struct(request.args)
        region = settings.get("region")
        self._region = region if isinstance(region, str) else None
        self._ignored = frozenset((_plain(settings.get("ignoreTags")) or {}).get("keys") or ())
        _refuse_foreign_account(settings.get("allowedAccountIds"), self._context)
        return proto.ConfigureResponse(supportsPreview=True, acceptSecrets=True)

    @plainly
    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Programs look nothing up: a plan is a function of the spec, the data and the state."""
        raise no_lookup(request.tok)

    @plainly
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Refuse unknown types and arguments; fill in a name."""
        kind, news = _kind(request.urn), read_struct(request.news)
        failures = unknown_arguments(lifecycle.unknown_inputs(kind, news), kind.type)
        named = with_name(kind, request.urn, read_struct(request.olds), news, request.randomSeed)
        return proto.CheckResponse(inputs=seal(write_struct(named), request.news), failures=failures)

    @plainly
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Compare old inputs with new ones."""
        kind = _kind(request.urn)
        old, new = read_struct(request.old_inputs), read_struct(request.news)
        return _diff_response(lifecycle.diff(kind, old, new, list(request.ignoreChanges)))

    @plainly
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Make a resource, or tell what it would be."""
        kind, inputs = _kind(request.urn), read_struct(request.properties)
        cloud = self._context(inputs)
        if request.preview:
            identity, state = "", lifecycle.preview_create(kind, cloud, inputs)
        else:
            identity, state = lifecycle.create(kind, cloud, inputs)
        return proto.CreateResponse(id=identity, properties=seal(write_struct(state), request.properties))

    @plainly
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Change a resource in place, or tell what it would be."""
        kind, new = _kind(request.urn), read_struct(request.news)
        cloud = self._context(new)
        if request.preview:
            state = lifecycle.preview_update(kind, cloud, read_struct(request.olds), new)
        else:
            old, state = read_struct(request.old_inputs), read_struct(request.olds)
            state = lifecycle.update(kind, cloud, request.id, old, new, state)
        return proto.UpdateResponse(properties=seal(write_struct(state), request.news))

    @plainly
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Remove a resource."""
        state = read_struct(request.properties)
        lifecycle.delete(_kind(request.urn), self._context(state), request.id, state)
        return Empty()

    @plainly
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Say what AWS has now; nothing when the resource is gone."""
        inputs, state = read_struct(request.inputs), read_struct(request.properties)
        found = lifecycle.read(_kind(request.urn), self._context(inputs or state), request.id, inputs, state)
        if found is None:
            return proto.ReadResponse()
        inputs_now, state_now = (seal(write_struct(each), request.inputs) for each in found)
        return proto.ReadResponse(id=request.id, inputs=inputs_now, properties=state_now)

    def _context(self, properties: Mapping[str, Any]) -> Context:
        wanted = properties.get("region")
        region = wanted if isinstance(wanted, str) else self._region
        if region not in self._contexts:
            self._contexts[region] = replace(self._connect(region), ignored_tags=self._ignored)
        return self._contexts[region]


def _kind(urn: str) -> Kind:
    return kind_of(urn.split("::")[2].rsplit("$", 1)[-1])


def _plain(setting: Any) -> Any:
    """Lists and mappings come as JSON text."""
    return json.loads(setting) if isinstance(setting, str) else setting


def _refuse_foreign_account(allowed: Any, context_for: Callable[[Properties], Context]) -> None:
    accounts = _plain(allowed)
    if accounts:
        account = context_for({}).account
        if account not in [str(each) for each in accounts]:
            raise Refusal(
                "TD502", f"the sandbox is account {account}, and only {', '.join(map(str, accounts))} is allowed"
            )


def _diff_response(found: lifecycle.Diff) -> Any:
    changes = proto.DiffResponse.DIFF_SOME if found.changes else proto.DiffResponse.DIFF_NONE
    return proto.DiffResponse(
        changes=changes,
        replaces=sorted({path.split(".")[0] for path in found.replaces}),
        diffs=sorted({difference.root for difference in found.changes}),
        detailedDiff={d.path: property_diff(d.change, replaces=found.replaced_by(d)) for d in found.changes},
        hasDetailedDiff=True,
    )


def with_name(kind: Kind, urn: str, old: Inputs, new: Inputs, seed: bytes) -> Live:
    """The inputs with a physical name: the given one, the old one, or the logical name and seven random digits."""
    named = dict(new)
    if kind.name is not None and kind.name not in named and f"{kind.name}Prefix" not in named:
        made_up = f"{urn.rsplit('::', 1)[-1]}-{sha256(seed).hexdigest()[:7]}"
        named[kind.name] = old.get(kind.name, made_up)
    return named
