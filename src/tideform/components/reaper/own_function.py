"""Functions in the account out of our own sources, and what calls them at their times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.iam.policies import trust
from tideform.components.iam.roles import ServiceRole
from tideform.components.reaper.plan import calling

_MEMORY = 256  # MB


@dataclass(frozen=True)
class Calls:
    """When a function is called and with what; a call that fails is repeated until it is ``oldest`` seconds old."""

    expression: str  # in UTC, or in ``timezone``
    description: str
    oldest: int
    input: str | None = None
    timezone: str = "UTC"


def own_function(
    component: Component,
    part: str,
    *,
    name: str,
    description: str,
    files: Mapping[str, str],
    handler: str,
    seconds: int,
    variables: Mapping[str, Any],
    key_arn: pulumi.Input[str],
    role: ServiceRole,
    after: list[pulumi.Resource],
) -> aws.lambda_.Function:
    """One of a package of texts; ``seconds`` is how long it may take.

    It reserves no concurrency: that would come out of what the account's other functions have, one for each scheduled
    pool, and an account may have so little that Lambda refuses any. Several may run at once; the lease table says which
    one counts. https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    """
    texts = {path: pulumi.StringAsset(text) for path, text in files.items()}
    return aws.lambda_.Function(
        part,
        name=name,
        description=description,
        code=pulumi.AssetArchive(texts),  # type: ignore[arg-type]  # a mapping of assets, which the SDK's types forget
        handler=handler,
        runtime="python3.13",
        architectures=["arm64"],
        memory_size=_MEMORY,
        timeout=seconds,
        reserved_concurrent_executions=-1,  # said, so that an apply takes back what `burst.starters` has set
        environment=aws.lambda_.FunctionEnvironmentArgs(variables=variables),
        kms_key_arn=key_arn,
        role=role.arn,
        tags=component.scope.tags(),
        opts=component.named(after=[*after, *role.policies]),
    )


def on_schedule(
    component: Component, part: str, *, role_part: str, name: str, calls: Calls, function: aws.lambda_.Function, of: str
) -> aws.scheduler.Schedule:
    """Call the function named ``of`` by itself, with a role for that alone.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    scope = component.scope
    group = scope.arn("scheduler", "schedule-group/default")
    role = ServiceRole(
        role_part,
        scope,
        trust=trust("scheduler.amazonaws.com", scope.account, arn_like=group),
        description=f"Calls {of}",
        statements=calling(scope, of),
        opts=component.nameless,
    )
    return aws.scheduler.Schedule(
        part,
        name=name,
        group_name="default",
        description=calls.description,
        schedule_expression=calls.expression,
        schedule_expression_timezone=calls.timezone,
        flexible_time_window=aws.scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
        state="ENABLED",
        target=aws.scheduler.ScheduleTargetArgs(
            arn=function.arn,
            role_arn=role.arn,
            input=calls.input,
            retry_policy=aws.scheduler.ScheduleTargetRetryPolicyArgs(
                maximum_event_age_in_seconds=calls.oldest, maximum_retry_attempts=3
            ),
        ),
        opts=component.named(after=role.policies),
    )
