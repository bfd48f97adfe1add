"""What a burst on Kubernetes writes on its machines, while its job runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.burst.eks.access import Access
from tideform.burst.eks.runner import EksRunner, Pace
from tideform.burst.halt import Halt, limit_reached, silent
from tideform.burst.lease import Lease, Mode
from tideform.burst.runner import Instance, Work
from tideform.burst.status import _running
from tideform.cloud import Cloud
from tideform.errors import CloudError, RefusedError
from tideform.kube import KubeError
from tideform.process import Process

LEASE = Lease("0123456789ab", "nightly", "ann", Process.current(), Mode.RUN, 0, 4_000_000_000, Decimal(1))
Object = dict[str, Any]


@dataclass
class Cluster:
    """One job: what happens at each look at it, and then it is over."""

    happenings: list[Callable[[], object]]
    made: Object = field(default_factory=dict)

    def create(self, body: Object) -> Object:
        self.made = {**body, "metadata": {**body["metadata"], "uid": "u1"}}
        return self.made

    def get(self, *_which: str) -> Object:
        if self.happenings:
            self.happenings.pop(0)()
            return self.made
        return {**self.made, "status": {"conditions": [{"type": "Complete", "status": "True"}]}}

    def groups(self) -> dict[str, tuple[str, ...]]:
        return {}

    def find(self, *_which: str, **_labels: Any) -> list[Object]:
        return []

    def request(self, *_call: str, **_query: Any) -> Object:
        return {"items": []}


@dataclass
class Here(Access):
    """A way to a cluster that is none."""

    cluster: Cluster = field(default_factory=lambda: Cluster([]))

    @property
    def kube(self) -> Any:
        return self.cluster


@pytest.fixture
def runner(cloud: Cloud, tmp_path: Path) -> EksRunner:
    nightly = {**FULL["training"]["nightly"], "backend": "eks"}
    deployment = deployment_of({**FULL, "training": {"nightly": nightly}}, tmp_path)
    return EksRunner(cloud, deployment, "nightly", Pace(poll=0), Here(cloud, deployment))


def launch(runner: EksRunner) -> str:
    """A machine as Karpenter launches it."""
    ec2 = runner.cloud.client("ec2")
    tags = [{"Key": key, "Value": value} for key, value in runner.handle["tags"].items()]
    made = ec2.run_instances(
        ImageId=ec2.describe_images()["Images"][0]["ImageId"],
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )
    return str(made["Instances"][0]["InstanceId"])


def leases_on(runner: EksRunner) -> dict[str, str]:
    """Of each machine that stands, whose it is by its tag."""
    ec2 = runner.cloud.client("ec2")
    filters = [{"Name": "instance-state-name", "Values": ["running"]}]
    found = [each for r in ec2.describe_instances(Filters=filters)["Reservations"] for each in r["Instances"]]
    return {
        each["InstanceId"]: {tag["Key"]: tag["Value"] for tag in each["Tags"]}.get("tideform:lease", "")
        for each in found
    }


def test_a_machine_that_comes_in_the_place_of_another_is_told_its_lease(runner: EksRunner) -> None:
    first = launch(runner)

    def replaced() -> None:
        runner.cloud.client("ec2").terminate_instances(InstanceIds=[first])
        launch(runner)

    cast(Here, runner.access).cluster.happenings += [lambda: None, replaced]
    assert runner.run(LEASE, Work(command=("true",)), silent, Halt()) == 0
    standing = leases_on(runner)
    assert first not in standing
    assert set(standing.values()) == {LEASE.id}


def test_a_lease_that_is_over_is_the_reason_also_where_the_api_is_away(runner: EksRunner) -> None:
    def away(*_which: str, **_labels: Any) -> list[Object]:
        raise KubeError(0, "Unreachable", "nobody answers")

    def over() -> None:
        raise limit_reached("its lease of 1h is over")

    cluster = cast(Here, runner.access).cluster
    cluster.happenings += [lambda: setattr(cluster, "find", away)]
    halt = Halt()
    halt.limits.append(over)
    with pytest.raises(RefusedError) as stopped:
        runner.run(LEASE, Work(command=("true",)), silent, halt)
    assert stopped.value.diagnostics[0].code == "TD607"


def test_the_leases_are_told_where_the_cluster_cannot_be_asked(
    runner: EksRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_runner: EksRunner) -> tuple[Instance, ...]:
        raise CloudError.of("TD664", "The Kubernetes API refused", detail="Unauthorized", fix="Renew them.")

    monkeypatch.setattr(EksRunner, "capacity", refused)
    assert _running(runner) == ((), (), "Unauthorized")
