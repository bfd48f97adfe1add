"""An apply that would end the work of a burst is refused; what machines do not notice goes through."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.unit.plan.making import deployment, pool, resource
from tideform.burst.lease import Lease, Mode, PoolRecord, State
from tideform.model.planned import Action, PlannedResource, PropertyChange
from tideform.plan.disturbing import disturbing, turning
from tideform.process import Process

ENVIRONMENT = "aws:batch/computeEnvironment:ComputeEnvironment"
QUEUE = "aws:batch/jobQueue:JobQueue"
GROUP = "aws:autoscaling/group:Group"
DISTRIBUTION = "mixedInstancesPolicy.instancesDistribution"
POLICY = "aws:iam/rolePolicy:RolePolicy"
SUBNET = "aws:ec2/subnet:Subnet"
CLUSTER = "aws:eks/cluster:Cluster"
NODE_POOL = "kubernetes:karpenter.sh/v1:NodePool"
UP = PoolRecord("nightly", state=State.UP)


def changed(token: str, action: Action, path: str = "", program: str = "training/nightly") -> PlannedResource:
    changes = (PropertyChange(path, 1, 2),) if path else ()
    return replace(resource(token, "one", program), action=action, changes=changes)


@pytest.mark.parametrize(
    "change",
    [
        changed(ENVIRONMENT, Action.REPLACE),
        changed(ENVIRONMENT, Action.DELETE),
        changed(ENVIRONMENT, Action.UPDATE, "computeResources.instanceTypes[0]"),
        changed(QUEUE, Action.REPLACE),
        changed(GROUP, Action.REPLACE),
        changed(GROUP, Action.UPDATE, "vpcZoneIdentifiers[1]"),
        changed(GROUP, Action.UPDATE, "mixedInstancesPolicy.launchTemplate.overrides[0].instanceType"),
        changed(GROUP, Action.UPDATE, f"{DISTRIBUTION}.spotAllocationStrategy"),
        changed(SUBNET, Action.DELETE, program="foundation"),
        changed("aws:ec2/vpcEndpoint:VpcEndpoint", Action.REPLACE, program="foundation"),
        changed("aws:dynamodb/table:Table", Action.REPLACE, program="foundation"),
        changed("aws:iam/role:Role", Action.REPLACE),
        changed(POLICY, Action.DELETE),
        changed("aws:ec2/placementGroup:PlacementGroup", Action.DELETE),
        changed("aws:autoscaling/lifecycleHook:LifecycleHook", Action.DELETE),
        changed("aws:eks/podIdentityAssociation:PodIdentityAssociation", Action.DELETE),
        changed("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", Action.DELETE, program="foundation"),
        changed(NODE_POOL, Action.UPDATE, "spec.template.spec.requirements[0].values[0]"),
        changed("kubernetes:karpenter.k8s.aws/v1:EC2NodeClass", Action.UPDATE, "spec.amiSelectorTerms[0].id"),
        changed("kubernetes:kueue.x-k8s.io/v1beta2:LocalQueue", Action.DELETE),
    ],
    ids=lambda change: f"{change.action} {change.type.rpartition(':')[2]}",
)
def test_what_machines_and_jobs_stand_on_stays_while_a_burst_is_up(change: PlannedResource) -> None:
    (found,) = disturbing([change], [UP])
    assert (found.code, change.address in found.detail) == ("TD627", True)


@pytest.mark.parametrize(
    "change",
    [
        changed(ENVIRONMENT, Action.NO_OP),
        changed(ENVIRONMENT, Action.UPDATE, "computeResources.maxVcpus"),  # which bursts move themselves
        changed(ENVIRONMENT, Action.UPDATE, "tags.owner"),
        changed(GROUP, Action.UPDATE, f"{DISTRIBUTION}.onDemandPercentageAboveBaseCapacity"),  # bursts move that, too
        changed(NODE_POOL, Action.UPDATE, "spec.limits.cpu"),
        changed("aws:cloudwatch/metricAlarm:MetricAlarm", Action.REPLACE),
        changed(ENVIRONMENT, Action.REPLACE, program="training/other"),
        changed("aws:ec2/vpcEndpoint:VpcEndpoint", Action.DELETE, program="foundation"),  # no pool needs it
        changed(SUBNET, Action.UPDATE, "tags.owner", program="foundation"),
        changed("aws:iam/role:Role", Action.REPLACE, program="foundation"),  # the reaper's, or the cluster's
        changed(CLUSTER, Action.REPLACE, program="foundation"),
        changed(SUBNET, Action.DELETE, program="serving/score"),
    ],
    ids=lambda change: f"{change.action} {change.program} {change.type.rpartition(':')[2]}",
)
def test_what_they_do_not_notice_may_change(change: PlannedResource) -> None:
    assert list(disturbing([change], [UP])) == []


def test_the_cluster_stays_while_a_pool_on_it_is_up() -> None:
    change = changed(CLUSTER, Action.REPLACE, program="foundation")
    assert [found.code for found in disturbing([change], [replace(UP, handle={"backend": "eks"})])] == ["TD627"]


def policy(*buckets: str) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": list(buckets)}]})


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        (policy("out", "more"), policy("out"), True),  # the last upload of a job would be refused
        (policy("out"), policy("out", "more"), False),
        (policy("out"), "", False),  # not known yet
    ],
    ids=["less", "more", "unknown"],
)
def test_no_right_is_taken_from_a_job_that_runs(before: str, after: str, refused: bool) -> None:
    change = replace(changed(POLICY, Action.UPDATE), changes=(PropertyChange("policy", before, after),))
    assert bool(list(disturbing([change], [UP]))) is refused


def test_what_starts_by_itself_has_a_lease_before_it_has_anything_else() -> None:
    lease = Lease("1", "nightly", "schedule", Process.current(), Mode.SCHEDULE, 0, 60, None)
    begun = replace(UP, state=State.IDLE, count=1, leases=(lease,))
    assert [found.code for found in disturbing([changed(GROUP, Action.REPLACE)], [begun])] == ["TD627"]


@pytest.mark.parametrize("state", [State.IDLE, State.STARTING, State.STOPPING])
def test_a_pool_that_is_not_up_may_change(state: State) -> None:
    assert list(disturbing([changed(ENVIRONMENT, Action.REPLACE)], [replace(UP, state=state)])) == []


@pytest.mark.parametrize(
    ("began_with", "state", "codes"),
    [
        ({"removes": True}, State.UP, ["TD627"]),
        ({"removes": False}, State.UP, []),
        ({}, State.UP, []),  # of a version that did not say it
        ({"removes": True}, State.IDLE, []),
    ],
)
def test_a_pool_that_is_up_keeps_the_log_that_its_jobs_write_to(
    began_with: dict[str, bool], state: State, codes: list[str]
) -> None:
    pools = deployment(training=pool(between_bursts="keep")).spec.training
    record = replace(UP, state=state, handle={"backend": "batch", **began_with})
    assert [found.code for found in turning(pools, [record])] == codes
