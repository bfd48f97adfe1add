"""Serving: one endpoint, built by the backend that the spec names, for the model that is pinned.

foundation's network and key ──┐
                               ├── the backend's endpoint
a model in storage, pinned ────┘
"""

import pulumi

from tideform.components.pins import pins
from tideform.components.program import deployment, provider, unit
from tideform.components.scope import Scope
from tideform.components.site import Site
from tideform.registry.serving import EndpointOrder, backends

target = deployment()
name = unit()
endpoint = target.spec.serving[name]

order = EndpointOrder(
    name=name,
    endpoint=endpoint,
    model_key=pins(target)[name],  # an endpoint without a pin is deferred: its program does not run
    scope=Scope(target, "serving", target.identity("serving", name)),
    site=Site.of_foundation(),
    opts=pulumi.ResourceOptions(provider=provider(target)),
)
for output, value in backends()[endpoint.backend].build(order).items():
    pulumi.export(output, value)
