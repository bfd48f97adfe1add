"""Changes of a plan that would end the work of bursts: what their machines, nodes and jobs hang on. Pure.

Sources: AWS Batch user guide, 'Infrastructure updates' (new machines replace those that stand, and end jobs on them)
and 'Deleting a compute environment'; Amazon EC2 Auto Scaling API, DeleteAutoScalingGroup; Amazon EC2 Auto Scaling user
guide, 'Add an Availability Zone' (machines in a zone that is taken out are replaced); the same API,
InstancesDistribution (machines that are bought otherwise than it says are replaced); Karpenter, 'Drift' (nodes of a
changed NodePool or EC2NodeClass are replaced); Kueue, a stopped or deleted queue. The roles are what jobs work under.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from tideform.burst.lease import PoolRecord, State
from tideform.diagnostics import Diagnostic, Severity
from tideform.model.planned import Action, PlannedResource
from tideform.plan.rights import narrows
from tideform.registry.training import features
from tideform.resources.moved_by_bursts import by_others
from tideform.spec.training import Pool
from tideform.times import utc
from tideform.words import counted

_GONE: Final = frozenset({Action.REPLACE, Action.DELETE})
_TOUCHED: Final = _GONE | {Action.UPDATE}
_POLICY: Final = "iam/rolePolicy:RolePolicy"
_GROUND: Final = (  # what a burst stands on
    ":ComputeEnvironment",
    ":JobQueue",
    "autoscaling/group:Group",
    "iam/role:Role",
    _POLICY,
    "iam/instanceProfile:InstanceProfile",
    "eks/podIdentityAssociation:PodIdentityAssociation",
    "ec2/placementGroup:PlacementGroup",
    "autoscaling/lifecycleHook:LifecycleHook",
    ":NodePool",
    ":EC2NodeClass",
    ":ResourceFlavor",
    ":ClusterQueue",
    ":LocalQueue",
)
_SHARED: Final = (  # what the bursts of every pool stand on, in foundation
    "ec2/vpc:Vpc",
    ":Subnet",
    ":RouteTable",
    ":RouteTableAssociation",
    ":SecurityGroup",
    ":SecurityGroupIngressRule",
    ":SecurityGroupEgressRule",
    "kms/key:Key",
    "dynamodb/table:Table",
)
_CLUSTER: Final = (  # and those of pools on the cluster
    "eks/cluster:Cluster",
    ":AccessEntry",
    "iam/role:Role",
    "iam/instanceProfile:InstanceProfile",
    ":Release",
)
_REPLACES_MACHINES: Final = {  # by a change of what stands there, as it is
    ":ComputeEnvironment": ("computeResources.",),
    # The provider sends a changed policy as a whole, with the percentage of its state: machines bought otherwise go.
    "autoscaling/group:Group": ("vpcZoneIdentifiers", "mixedInstancesPolicy"),
    ":NodePool": ("spec.template.",),
    ":EC2NodeClass": ("spec.",),
}


def disturbing(resources: Iterable[PlannedResource], records: Iterable[PoolRecord]) -> Iterator[Diagnostic]:
    """TD627 for each pool that somebody holds, and whose capacity the plan would replace or take away."""
    changed = [resource for resource in resources if resource.action in _TOUCHED]
    for record in filter(_at_work, records):
        if touched := [one.address for one in changed if _ends_work(one, record)]:
            yield _refusal(record, touched)


def _at_work(record: PoolRecord) -> bool:
    """A command that is starting holds the pool's lock, or defines it just now; what starts by itself holds neither."""
    return record.state is State.UP or (record.state is State.IDLE and bool(record.leases))


def turning(pools: Mapping[str, Pool], records: Iterable[PoolRecord]) -> Iterator[Diagnostic]:
    """TD627 for each pool that is up, and whose burst began with another ``between_bursts`` than ``pools`` have now.

    Its jobs go on writing to a log group that the change takes away.
    """
    for record in records:
        pool, removes = pools.get(record.pool), record.handle.get("removes")
        if record.state is not State.UP or pool is None or not isinstance(removes, bool):
            continue
        if removes != (pool.between_bursts == "remove"):
            yield _refusal(record, ["between_bursts, and with it the log group of its jobs"])


def _ends_work(resource: PlannedResource, record: PoolRecord) -> bool:
    if resource.program == "foundation":
        return _ends_work_of_all(resource, on_cluster=features(str(record.handle.get("backend"))).needs_cluster)
    if resource.program != f"training/{record.pool}":
        return False
    if resource.action in _GONE:
        return resource.type.endswith(_GROUND)
    if resource.type.endswith(_POLICY):  # as which jobs upload their last files
        return any(one.path == "policy" and narrows(one.before, one.after) for one in resource.changes)
    parts = tuple(part for kind, own in _REPLACES_MACHINES.items() if resource.type.endswith(kind) for part in own)
    return bool(parts) and any(one.path.startswith(parts) for one in by_others(resource.type, resource.changes))


def _ends_work_of_all(resource: PlannedResource, *, on_cluster: bool) -> bool:
    """Interface endpoints are deleted where no pool of the spec needs them: only another one in its place cuts work."""
    ground = (*_SHARED, *_CLUSTER) if on_cluster else _SHARED
    if resource.type.endswith(":VpcEndpoint"):
        return resource.action is Action.REPLACE
    return resource.action in _GONE and resource.type.endswith(ground)


def _refusal(record: PoolRecord, touched: list[str]) -> Diagnostic:
    until = utc(max((lease.deadline for lease in record.leases), default=0))
    leases = counted(len(record.leases), "lease")
    return Diagnostic(
        "TD627",
        Severity.ERROR,
        "A change would end the work of a burst",
        detail=f"{record.pool} is {record.state}, held by {leases} until {until} at the latest. "
        f"This replaces or removes what its machines and jobs stand on: {', '.join(sorted(touched))}.",
        fix=f"Apply when it is over, or end it first: `tideform burst down {record.pool} --all`.",
        path=f"training.{record.pool}",
    )
