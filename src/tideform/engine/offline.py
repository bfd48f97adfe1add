"""The offline collector: the same programs without an engine, credentials or network.

It stands where the engine's resource monitor stands and writes down what each program registers. There is no
state, so every resource is one to create. Every program runs on one event loop and one copied context: mocks that
were set on one loop and run on another hang for ever.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tideform.engine.inline import inline_program
from tideform.errors import EngineError, TideformError
from tideform.model.engine import Preview, Program
from tideform.model.planned import Action, Outputs, PlannedResource
from tideform.state.values import from_engine

if TYPE_CHECKING:
    from tideform.spec.deployment import Deployment


class OfflineCollector:
    """Previews programs by running them against a monitor that only listens."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def preview(self, program: Program, upstream: Mapping[str, Outputs]) -> Preview:
        """What the program would register. Raises `EngineError` in its own words, or what it raised of ours."""
        return contextvars.copy_context().run(self._collect, program, upstream)

    def _collect(self, program: Program, upstream: Mapping[str, Outputs]) -> Preview:
        run = inline_program(program, self._deployment, upstream)
        try:
            registered, outputs = asyncio.run(_listen(run, program))
        except Exception as error:
            if isinstance(error.__cause__, TideformError):
                raise error.__cause__ from None
            raise EngineError.of(
                "TD405",
                "A program cannot be planned",
                detail=f"{program.key}: {error}",
                fix="If the spec is valid this is a defect of tideform; please report it with the spec.",
            ) from error
        return Preview(resources=tuple(_planned(program, registered)), outputs=outputs, before_outputs={})


async def _listen(run: Any, program: Program) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    from pulumi.runtime import mocks, settings, stack

    monitor = _monitor()
    # What `set_mocks` does, less the root stack that it makes: `run_in_stack` makes its own.
    settings.configure(
        mocks.MockSettings(  # type: ignore[no-untyped-call]
            monitor=monitor,
            monitor_features=set(monitor.GetDeploymentInfo(None).supportedFeatures),
            engine=mocks.MockEngine(logging.getLogger(__name__)),
            project=program.pulumi_project,
            stack=program.stack,
            dry_run=True,
            organization="organization",
            callbacks=None,
        )
    )
    await stack.run_in_stack(run)
    return monitor.registered, monitor.outputs


def _monitor() -> Any:
    from google.protobuf import empty_pb2, json_format
    from pulumi.runtime import mocks
    from pulumi.runtime.proto import resource_pb2

    class Monitor(mocks.MockMonitor):
        """Keeps each registration as the wire has it: unknowns and secrets still marked."""

        def __init__(self) -> None:
            super().__init__(mocks=None)  # type: ignore[arg-type]
            self.registered: list[dict[str, Any]] = []
            self.outputs: dict[str, Any] = {}

        def RegisterResource(self, request: Any) -> Any:  # noqa: N802  # the protocol's name
            urn = self.make_urn(request.parent, request.type, request.name)
            if request.custom and not request.type.startswith("pulumi:"):
                self.registered.append(
                    {
                        "urn": urn,
                        "type": request.type,
                        "name": request.name,
                        "inputs": from_engine(json_format.MessageToDict(request.object)),
                        "protect": request.protect,
                        "dependencies": list(request.dependencies),
                        "delete_before_replace": request.deleteBeforeReplace,
                    }
                )
            # No outputs and no id: in a preview the SDK takes what is missing for unknown.
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)

        def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
            if "::pulumi:pulumi:Stack::" in request.urn:
                self.outputs = from_engine(json_format.MessageToDict(request.outputs))
            return empty_pb2.Empty()

    return Monitor()


def _planned(program: Program, registered: list[dict[str, Any]]) -> list[PlannedResource]:
    made = [
        PlannedResource(
            program=program.key,
            type=entry["type"],
            name=entry["name"],
            action=Action.CREATE,
            before=None,
            after=entry["inputs"],
            protect=entry["protect"],
            delete_before_replace=entry["delete_before_replace"],
            urn=entry["urn"],
        )
        for entry in registered
    ]
    addresses = {resource.urn: resource.address for resource in made}
    resolved = [
        _with_dependencies(resource, [addresses[u] for u in entry["dependencies"] if u in addresses])
        for resource, entry in zip(made, registered, strict=True)
    ]
    return sorted(resolved, key=lambda r: r.address)


def _with_dependencies(resource: PlannedResource, addresses: list[str]) -> PlannedResource:
    from dataclasses import replace

    return replace(resource, dependencies=tuple(sorted(addresses)))
