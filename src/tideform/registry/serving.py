"""What a serving backend is: how an endpoint is put up. One module here is one backend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from tideform.diagnostics import Diagnostic
from tideform.registry.entries import load_backends
from tideform.spec.deployment import Deployment
from tideform.spec.serving import Endpoint

if TYPE_CHECKING:
    import pulumi

    from tideform.components.scope import Scope
    from tideform.components.site import Site

Exports = Mapping[str, Any]
Pins = Mapping[str, str]  # endpoint name: key of the pinned model in its store


@dataclass(frozen=True)
class EndpointOrder:
    """One endpoint to build: its name and words in the spec, the pinned model's key, and where to build."""

    name: str
    endpoint: Endpoint
    model_key: str
    scope: Scope
    site: Site
    opts: pulumi.ResourceOptions


class ServingBackend(Protocol):
    """The entry of a serving backend. Importing it must load neither pulumi nor boto3."""

    @property
    def id(self) -> str:
        """What a spec writes after ``backend:``."""
        ...

    @property
    def summary(self) -> str:
        """One line for docs and help."""
        ...

    @property
    def interface_endpoints(self) -> tuple[str, ...]:
        """Short names of the services that callers of an endpoint inside the private network talk to."""
        ...

    def problems(self, name: str, endpoint: Endpoint) -> list[Diagnostic]:
        """What of this endpoint the backend cannot do; judged without a cloud."""
        ...

    def deferred(self, deployment: Deployment, name: str, endpoint: Endpoint, pins: Pins) -> str | None:
        """Why the endpoint cannot be built yet, or None if it can."""
        ...

    def build(self, order: EndpointOrder) -> Exports:
        """Register the endpoint's resources and return what its stack exports."""
        ...


@cache
def backends() -> Mapping[str, ServingBackend]:
    """All backends by id, third parties' too."""
    return load_backends("tideform.backends.serving", "tideform.serving")
