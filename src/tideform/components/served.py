"""The endpoints that are there: a deferred one has nothing to reach and nothing to watch. Pure."""

from __future__ import annotations

from tideform.components.pins import pins
from tideform.registry.serving import backends
from tideform.spec.deployment import Deployment
from tideform.spec.serving import Endpoint


def served(deployment: Deployment) -> dict[str, Endpoint]:
    """Endpoints with a model, by the names they were made under."""
    pinned = pins(deployment)
    return {
        deployment.identity("serving", name): endpoint
        for name, endpoint in deployment.spec.serving.items()
        if backends()[endpoint.backend].deferred(deployment, name, endpoint, pinned) is None
    }
