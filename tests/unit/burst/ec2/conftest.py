"""A pool on EC2 in a sandbox of its own: its group as the backend makes it, its leases, its runner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from tests.unit.stacks.collecting import deployment_of
from tideform.backends.training.ec2.names import GroupNames
from tideform.backends.training.ec2.pace import Pace
from tideform.backends.training.ec2.runner import Ec2Runner
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease, Mode, new_lease
from tideform.burst.runner import Work
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.local import client
from tideform.paths import Workspace
from tideform.spec.deployment import SANDBOX_ACCOUNT, Deployment

POOL = "pair"
_PROJECTS = count(1)
SPEC: dict[str, Any] = {
    "version": 1,
    "project": "desk",
    "owner": "ml@example.com",
    "region": "us-east-1",
    "training": {
        POOL: {
            "backend": "ec2",
            "instance_types": ["c5.large", "c5.xlarge"],
            "nodes": 2,
            "lease": "30m",
            "job": {"image": "trainer", "command": ["env"], "nodes": 2},
        }
    },
}


@dataclass
class Desk:
    """The pool, and what tests do to it."""

    cloud: Cloud
    deployment: Deployment
    workspace: Workspace

    @property
    def runner(self) -> Ec2Runner:
        return Ec2Runner(self.cloud, self.deployment, POOL, Pace(poll=0.1, start=3.0))

    @property
    def table(self) -> LeaseTable:
        return LeaseTable.of(self.cloud, self.deployment)

    def lease(self, *, longer: int = 0) -> Lease:
        """A lease that is written down; ``longer`` by so many seconds."""
        pool = self.deployment.spec.training[POOL]
        made = new_lease(POOL, pool, Mode.UP, now=self.cloud.clock() + longer, hourly_usd=None)
        self.table.acquire(made)
        return made

    def up(self) -> Lease:
        lease = self.lease()
        self.runner.up(lease, Halt())
        return lease

    def run(self, lease: Lease, *command: str, halt: Halt | None = None, **words: Any) -> tuple[int, list[str]]:
        """Run a command, on the job's own nodes if nothing else is said; its exit code and its lines."""
        lines: list[str] = []
        nodes = 1 if "array" in words else self.deployment.spec.training[POOL].job.nodes
        return self.runner.run(lease, Work(command, **{"nodes": nodes, **words}), lines.append, halt or Halt()), lines

    def group(self) -> dict[str, Any]:
        names = [GroupNames(self.deployment, POOL).group]
        found = self.cloud.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=names)
        group: dict[str, Any] = found["AutoScalingGroups"][0]
        return group

    def market(self, **script: Any) -> None:
        client.market(self.workspace, script)

    def advance(self, seconds: float) -> None:
        client.advance_clock(self.workspace, seconds)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    made = Workspace(tmp_path_factory.mktemp("desk"))
    yield made
    client.stop(made)


@pytest.fixture
def desk(workspace: Workspace) -> Iterator[Desk]:
    """A pool of a project of its own, in the sandbox that the module's tests share."""
    credentials = client.ensure(workspace).credentials
    cloud = Cloud("us-east-1", SANDBOX_ACCOUNT, credentials=credentials, clock=lambda: _now(workspace))
    deployment = deployment_of({**SPEC, "project": f"desk{next(_PROJECTS)}"}, workspace.root)
    client.market(workspace, {"clear": True})
    made = Desk(cloud, deployment, workspace)
    _lease_table(made)
    _group(made)
    yield made


def _now(workspace: Workspace) -> float:
    return float(client.clock(workspace)["now"])


def _lease_table(desk: Desk) -> None:
    desk.cloud.client("dynamodb").create_table(
        TableName=desk.table.name,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )


def _group(desk: Desk) -> None:
    """As `tideform.backends.training.ec2.group` makes it."""
    ec2, asg = desk.cloud.client("ec2"), desk.cloud.client("autoscaling")
    names, tags = GroupNames(desk.deployment, POOL), desk.deployment.tags("training", POOL)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]
        for n, zone in enumerate("ab")
    ]
    template = ec2.create_launch_template(LaunchTemplateName=names.group, LaunchTemplateData={"UserData": ""})
    specification = {"LaunchTemplateId": template["LaunchTemplate"]["LaunchTemplateId"], "Version": "$Default"}
    types = [{"InstanceType": kind} for kind in ("c5.large", "c5.xlarge")]
    asg.create_auto_scaling_group(
        AutoScalingGroupName=names.group,
        MinSize=0,
        MaxSize=2,
        DesiredCapacity=0,
        CapacityRebalance=True,
        VPCZoneIdentifier=",".join(subnet["SubnetId"] for subnet in subnets),
        MixedInstancesPolicy={
            "LaunchTemplate": {"LaunchTemplateSpecification": specification, "Overrides": types},
            "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 0, "OnDemandBaseCapacity": 0},
        },
        Tags=[{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in tags.items()],
    )
    asg.suspend_processes(AutoScalingGroupName=names.group, ScalingProcesses=["AZRebalance", "Launch"])
    asg.put_lifecycle_hook(
        AutoScalingGroupName=names.group,
        LifecycleHookName=names.hook,
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
        HeartbeatTimeout=120,
        DefaultResult="CONTINUE",
    )
