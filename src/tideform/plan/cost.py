"""What a plan costs: a price line for whatever is paid for, by the hour or by use.

Pure: planned resources and the price book in, lines out. An unknown price is a line without an amount and
with a note, never zero in silence. What costs nothing (roles, rules, subnets) has no line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tideform.diagnostics import Diagnostic, Severity
from tideform.model.planned import PlannedResource, PriceLine
from tideform.pools.worst_case import worst_case
from tideform.prices.book import HOURS_A_MONTH, book
from tideform.spec.deployment import Deployment
from tideform.spec.kubernetes_versions import EXTENDED_FACTOR, extended

__all__ = ["cost_findings", "price", "standing_hourly", "worst_case"]

Pricer = Callable[[PlannedResource, Deployment], Iterator[PriceLine]]


def price(resources: Sequence[PlannedResource], deployment: Deployment) -> tuple[PriceLine, ...]:
    """The price lines of what will be there after the apply, in the order of the resources."""
    lines: list[PriceLine] = []
    pools: set[str] = set()
    for resource in resources:
        if resource.after is None or not (resource.type.startswith("aws:") or resource.type in _COMPUTE):
            continue
        if resource.type not in _COMPUTE:
            lines += _line(resource, deployment)
        elif resource.program not in pools:  # a pool has several environments, and one limit for all of them
            pools.add(resource.program)
            lines += _burst(resource, deployment)
    return tuple(lines)


def standing_hourly(lines: Sequence[PriceLine], deployment: Deployment) -> float:
    """USD an hour between bursts: everything but the pools that are there during a burst only."""
    asleep = tuple(f"{program}." for program in _asleep(deployment))
    return sum(p.hourly for p in lines if p.hourly is not None and not p.address.startswith(asleep))


def _asleep(deployment: Deployment) -> Iterator[str]:
    return (f"training/{name}" for name, p in deployment.spec.training.items() if p.between_bursts == "remove")


def cost_findings(lines: Sequence[PriceLine], deployment: Deployment) -> tuple[Diagnostic, ...]:
    """What is wrong with the budget, and what the prices do not say."""
    return (*_budget(lines, deployment), *_region(lines, deployment))


def _budget(lines: Sequence[PriceLine], deployment: Deployment) -> Iterator[Diagnostic]:
    budget = deployment.spec.budget
    monthly = Decimal(standing_hourly(lines, deployment) * HOURS_A_MONTH)
    if budget is None or monthly <= budget.monthly.usd:
        return
    yield Diagnostic(
        "TD340",
        Severity.ERROR if budget.hard_stop else Severity.WARNING,
        "The budget is below what stands between bursts",
        detail=f"{budget.monthly} a month are budgeted, and {monthly:,.2f} USD a month are spent without any burst",
        fix="raise budget.monthly, or declare less that stands all the time",
        path="budget.monthly",
    )


def _region(lines: Sequence[PriceLine], deployment: Deployment) -> Iterator[Diagnostic]:
    note = book().note_for(deployment.region)
    if note and lines:
        yield Diagnostic("TD342", Severity.NOTE, "Prices are those of another region", detail=note, path="region")


def _line(resource: PlannedResource, deployment: Deployment) -> Iterator[PriceLine]:
    if (pricer := _PRICERS.get(resource.type)) is not None:
        yield from pricer(resource, deployment)
    elif (by_use := _BY_USE.get(resource.type)) is not None:
        yield PriceLine(resource.address, by_use, None, "priced by use")
    elif not resource.type.startswith(_FREE):
        yield PriceLine(resource.address, resource.type, None, "not in the price book", missing=True)


def _burst(resource: PlannedResource, deployment: Deployment) -> Iterator[PriceLine]:
    name = resource.program.partition("/")[2]
    pool = deployment.spec.training.get(name)
    if pool is None:
        yield PriceLine(resource.address, "capacity of a pool that the spec no longer names", None)
        return
    worst = worst_case(name, deployment)
    exists_only_then = pool.between_bursts == "remove" and worst is not None
    yield PriceLine(
        resource.address,
        "capacity during a burst",
        worst.most.hourly if worst is not None and exists_only_then else None,
        _ONLY_THEN,
    )


def _endpoint(resource: PlannedResource, deployment: Deployment) -> Iterator[PriceLine]:
    if _after(resource, "vpcEndpointType") != "Interface":
        return  # a gateway endpoint costs nothing
    subnets = _after(resource, "subnetIds")
    zones = len(subnets) if isinstance(subnets, list | tuple) else deployment.spec.network.zone_count
    hourly = book().services["ec2:interface-endpoint"].hourly * zones
    yield PriceLine(resource.address, f"interface endpoint in {zones} zones", hourly, "data priced by use")


def _variants(resource: PlannedResource, deployment: Deployment) -> Iterator[PriceLine]:
    endpoint = deployment.spec.serving.get(resource.program.partition("/")[2])
    least, most = (0, 0) if endpoint is None else (endpoint.scale.min, endpoint.scale.max)
    for kind in ("productionVariants", "shadowProductionVariants"):
        variants = _after(resource, kind)
        for variant in variants if isinstance(variants, list | tuple) else ():
            yield _variant(resource.address, variant, most, least)


def _variant(address: str, variant: Any, most: int, least: int) -> PriceLine:
    """What stands all the time; how much more it may become under load is in the note."""
    if variant.get("serverlessConfig"):
        return PriceLine(address, "serverless inference", None, "priced by use")
    kind, count = variant.get("instanceType"), variant.get("initialInstanceCount", 1)
    known = book().endpoint_instance(kind) if isinstance(kind, str) and isinstance(count, int) else None
    if known is None:
        return PriceLine(address, f"instances of type {kind}", None, "not in the price book", missing=True)
    more = _beside(count, least, known.hourly)
    more += f"; under load up to {most} x {kind}, {most * known.hourly:,.2f} USD an hour" if most > count else ""
    return PriceLine(address, f"{count} x {kind}", known.hourly * count, known.source + more)


def _beside(count: int, least: int, hourly: float) -> str:
    """A canary is at most half of what runs, so one instance is not enough for it."""
    if not 0 < least < count:
        return ""
    extra = count - least
    return f"; {extra} of them for the canary beside scale.min {least}, {extra * hourly:,.2f} USD an hour"


def _node_group(resource: PlannedResource, _deployment: Deployment) -> Iterator[PriceLine]:
    """The machines of a cluster's controllers, which stand all the time."""
    kinds, scaling = _after(resource, "instanceTypes"), _after(resource, "scalingConfig")
    kind = kinds[0] if isinstance(kinds, list | tuple) and kinds else None
    count = scaling.get("desiredSize") if isinstance(scaling, Mapping) else None
    known = book().known(kind) if isinstance(kind, str) else None
    if known is None or not isinstance(count, int):
        yield PriceLine(resource.address, f"machines of type {kind}", None, "not in the price book", missing=True)
        return
    yield PriceLine(resource.address, f"{count} x {kind} for the controllers", known.on_demand_usd * count)


def _tracking(resource: PlannedResource, _deployment: Deployment) -> Iterator[PriceLine]:
    size = _after(resource, "trackingServerSize") or "Small"
    yield PriceLine(
        resource.address,
        f"MLflow tracking server, {size}",
        None,
        "paid by the hour, not in the price book",
        missing=True,
    )


def _control_plane(resource: PlannedResource, _deployment: Deployment) -> Iterator[PriceLine]:
    """Dearer in extended support, which a version comes to by itself."""
    version, price = str(_after(resource, "version") or ""), book().services["eks:cluster"].hourly
    if extended(version, datetime.now(UTC).date()):
        item = f"EKS control plane, {version} in extended support"
        yield PriceLine(resource.address, item, price * EXTENDED_FACTOR)
        return
    yield PriceLine(resource.address, "EKS control plane", price)


def _service(key: str, item: str) -> Pricer:
    def pricer(resource: PlannedResource, _deployment: Deployment) -> Iterator[PriceLine]:
        yield PriceLine(resource.address, item, book().services[key].hourly)

    return pricer


def _after(resource: PlannedResource, name: str) -> Any:
    return (resource.after or {}).get(name)


_ONLY_THEN = "paid while a burst runs; its worst case stands with what bursts bring"
_COMPUTE = ("aws:batch/computeEnvironment:ComputeEnvironment", "kubernetes:karpenter.sh/v1:NodePool")
_PRICERS: dict[str, Pricer] = {
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:kms/key:Key": _service("kms:key", "KMS key"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _service("cloudwatch:alarm", "alarm"),
    "aws:cloudwatch/dashboard:Dashboard": _service("cloudwatch:dashboard", "dashboard"),
    "aws:eks/cluster:Cluster": _control_plane,
    "aws:eks/nodeGroup:NodeGroup": _node_group,
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": _variants,
    "aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer": _tracking,
}
_BY_USE = {
    "aws:s3/bucket:Bucket": "storage and requests",
    "aws:dynamodb/table:Table": "requests and storage",
    "aws:cloudwatch/logGroup:LogGroup": "log data",
    "aws:cloudtrail/trail:Trail": "data events; one copy of management events is free",
    "aws:ec2/flowLog:FlowLog": "flow log data",
    "aws:sns/topic:Topic": "notifications",
    "aws:sqs/queue:Queue": "messages",
    "aws:lambda/function:Function": "invocations",
    "aws:ecr/repository:Repository": "image storage",
}

# Prefixes of types that cost nothing by themselves; what they lead to is priced where it is made.
_FREE = (
    "aws:appautoscaling/",
    "aws:batch/job",
    "aws:budgets/budget:",
    "aws:cloudwatch/event",
    "aws:cloudwatch/logMetricFilter:",
    "aws:ec2/defaultSecurityGroup:",
    "aws:autoscaling/",
    "aws:ec2/launchTemplate:",
    "aws:ec2/placementGroup:",
    "aws:ecr/lifecyclePolicy:",
    "aws:ec2/route",
    "aws:ec2/securityGroup",
    "aws:ec2/subnet",
    "aws:ec2/vpc:",
    "aws:ec2/vpcEndpoint",  # attachments of one; endpoints themselves have a price above
    "aws:eks/",  # what belongs to a cluster
    "aws:iam/",
    "aws:kms/alias:",
    "aws:lambda/permission:",
    "aws:s3/bucket",  # the settings of a bucket
    "aws:scheduler/",  # fourteen million calls a month are free
    "aws:sagemaker/endpoint:",  # priced with its configuration
    "aws:sagemaker/model:",
    "aws:sqs/queuePolicy:",
    "aws:sns/topic",  # policies and subscriptions
    "aws:vpc/securityGroup",
)
