"""What a layer program asks first: for which deployment and unit it runs, and what the layers before it made.

The CLI runs the programs inside its own process and hands them the answers with `bind`. Under plain ``pulumi up``
nothing is bound, and the same functions read Pulumi's configuration and stack references instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tideform.components.unknown import lift, unknown
from tideform.model.planned import UNKNOWN, Outputs
from tideform.resources.moved_by_bursts import LEASE_TAGS
from tideform.spec.deployment import Deployment

if TYPE_CHECKING:
    import pulumi
    import pulumi_aws as aws


@dataclass(frozen=True)
class Bound:
    """The answers for one run of one program; ``upstream`` maps a program's key to its outputs.

    ``moved_over`` takes an endpoint's name, its configuration's and those of its alarms, and raises where it has come
    to run another one.
    """

    deployment: Deployment
    unit: str | None = None
    upstream: Mapping[str, Outputs] = field(default_factory=dict)
    moved_over: Callable[[str, str, Sequence[str]], None] | None = None


_BOUND: ContextVar[Bound | None] = ContextVar("tideform_bound", default=None)


@contextmanager
def bind(bound: Bound) -> Iterator[None]:
    """Answer with ``bound`` for as long as the block runs, in this context only."""
    token = _BOUND.set(bound)
    try:
        yield
    finally:
        _BOUND.reset(token)


def deployment() -> Deployment:
    """The spec in the environment that this program builds. Raises `SpecError` where the spec cannot be used."""
    if bound := _BOUND.get():
        return bound.deployment
    import pulumi

    from tideform.spec.load import load

    config = pulumi.Config("tideform")
    return load(Path(config.require("spec")), config.require("environment")).deployment


def unit() -> str:
    """The pool or endpoint that this program builds."""
    if bound := _BOUND.get():
        if bound.unit is None:
            raise LookupError("this layer was run without a unit")
        return bound.unit
    import pulumi

    return pulumi.Config("tideform").require("unit")


def judged(endpoint: pulumi.Resource, name: str, configuration: pulumi.Input[str], alarms: Sequence[str]) -> None:
    """Let the program fail, behind the endpoint's update, where it has come to run another configuration.

    ``alarms`` are the names of those that may roll it back.
    """
    import pulumi

    bound = _BOUND.get()
    if bound is None or bound.moved_over is None or pulumi.runtime.is_dry_run():
        return
    look = bound.moved_over

    def judge(values: list[Any]) -> Awaitable[None]:
        return asyncio.to_thread(look, name, str(values[1]), alarms)

    _: pulumi.Output[None] = pulumi.Output.all(endpoint.urn, configuration).apply(judge)  # the program waits for it


@dataclass(frozen=True)
class Upstream:
    """The outputs of an earlier program; what is not known yet comes back as an unknown output."""

    outputs: Outputs

    def __getitem__(self, name: str) -> Any:
        return lift(self.outputs.get(name, UNKNOWN))

    def entry(self, name: str, key: str) -> Any:
        """One value of an output that is a mapping: ``entry("buckets", "models")``."""
        whole = self.outputs.get(name, UNKNOWN)
        return lift(whole.get(key, UNKNOWN)) if isinstance(whole, Mapping) else unknown()


@dataclass(frozen=True)
class Referenced:
    """The same, asked of the backend: for plain ``pulumi up``."""

    stack: pulumi.StackReference

    def __getitem__(self, name: str) -> Any:
        return self.stack.require_output(name)

    def entry(self, name: str, key: str) -> Any:
        """One value of an output that is a mapping."""
        return self.stack.require_output(name).apply(lambda whole: whole[key])


def upstream(key: str) -> Upstream | Referenced:
    """What the program ``key`` (``foundation``, ``training/nightly``) exports."""
    if bound := _BOUND.get():
        return Upstream(bound.upstream.get(key, {}))
    import pulumi

    layer, _, of_unit = key.partition("/")
    stack = f"{deployment().name}-{of_unit}" if of_unit else deployment().name
    return Referenced(pulumi.StackReference(f"organization/tideform-{layer}/{stack}"))


def provider(target: Deployment) -> aws.Provider:
    """The one AWS provider of a program: it refuses any account but the deployment's.

    In a run of ours the plugin finds the keys in its environment, as everything else does. Plain ``pulumi up`` has
    the profile and the role to go by.
    """
    import pulumi_aws as aws

    role = None if _BOUND.get() else target.settings.role
    return aws.Provider(
        "aws",
        region=target.region,
        allowed_account_ids=[target.account],
        profile=None if _BOUND.get() else target.settings.profile,
        ignore_tags=aws.ProviderIgnoreTagsArgs(keys=[*LEASE_TAGS]),
        assume_roles=[aws.ProviderAssumeRoleArgs(role_arn=role, session_name="tideform")] if role else None,
    )
