"""What a burst on Kubernetes writes on its machines, while its job runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.unit.burst.conftest import NOW
from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.backends.training.eks.access import KUBECONFIG, Access
from tideform.backends.training.eks.runner import EksRunner, Pace
from tideform.burst import claiming
from tideform.burst.halt import Halt, limit_reached, silent
from tideform.burst.lease import Lease, Mode
from tideform.burst.runner import Instance, Work
from tideform.burst.status import pool_status
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.errors import CloudError, RefusedError
from tideform.kube import Kube, KubeError
from tideform.process import Process
from tideform.reaper.claims import Claim
from tideform.reaper.fence import STARTS, fenced
from tideform.reaper.kubernetes_groups import KNOWN
from tideform.times import utc
from tideform.unasked import Unasked

LEASE = Lease("0123456789ab", "nightly", "ann", Process.current(), Mode.RUN, int(NOW), int(NOW) + 86_400, Decimal(1))
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
    cloud.client("dynamodb").create_table(
        TableName=deployment.physical_name("leases"),
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    LeaseTable.of(cloud, deployment).acquire(LEASE)
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


def tags_on(runner: EksRunner) -> dict[str, dict[str, str]]:
    """Of each machine that stands, what it says of itself."""
    ec2 = runner.cloud.client("ec2")
    filters = [{"Name": "instance-state-name", "Values": ["running"]}]
    found = [each for r in ec2.describe_instances(Filters=filters)["Reservations"] for each in r["Instances"]]
    return {each["InstanceId"]: {tag["Key"]: tag["Value"] for tag in each["Tags"]} for each in found}


def test_a_machine_that_comes_in_the_place_of_another_is_told_its_lease(runner: EksRunner) -> None:
    first = launch(runner)

    def replaced() -> None:
        runner.cloud.client("ec2").terminate_instances(InstanceIds=[first])
        launch(runner)

    cast(Here, runner.access).cluster.happenings += [lambda: None, replaced]
    assert runner.run(LEASE, Work(command=("true",)), silent, Halt()) == 0
    standing = tags_on(runner)
    assert first not in standing
    assert [tags.get("tideform:lease") for tags in standing.values()] == [LEASE.id]


def test_a_machine_says_the_latest_end_of_all_leases_and_under_which_token(runner: EksRunner) -> None:
    """Leases share the pool's machines: the time of one must not end those of the other."""
    later = replace(LEASE, id="later", deadline=LEASE.deadline + 3600)
    LeaseTable.of(runner.cloud, runner.deployment).acquire(later)
    machine = launch(runner)
    assert runner.run(LEASE, Work(command=("true",)), silent, Halt()) == 0
    assert {"tideform:expires": utc(later.deadline), "tideform:token": "1"}.items() <= tags_on(runner)[machine].items()


def test_a_running_job_is_looked_after_while_the_table_is_away(
    runner: EksRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not waited for: a job that ended meanwhile would keep its machines."""

    def away(*_: object) -> Claim:
        raise CloudError.of("TD617", "The lease table could not be used", detail="", fix="Wait.")

    def waited(_seconds: float) -> None:
        raise AssertionError("the table was waited for")

    machine = launch(runner)
    monkeypatch.setattr(LeaseTable, "claim", away)
    monkeypatch.setattr(claiming, "_pause", waited)
    assert runner.run(LEASE, Work(command=("true",)), silent, Halt()) == 0
    assert "tideform:lease" not in tags_on(runner)[machine]


def test_a_machine_is_told_its_lease_by_the_next_look_after_the_table_is_back(
    runner: EksRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, real = iter([True]), LeaseTable.claim

    def away_once(*question: Any) -> Claim:
        if next(asked, False):
            raise CloudError.of("TD617", "The lease table could not be used", detail="", fix="Wait.")
        return real(*question)

    machine = launch(runner)
    cast(Here, runner.access).cluster.happenings += [lambda: None]
    monkeypatch.setattr(LeaseTable, "claim", away_once)
    assert runner.run(LEASE, Work(command=("true",)), silent, Halt()) == 0
    assert tags_on(runner)[machine]["tideform:lease"] == LEASE.id


KINDS = (
    "Job", "LocalQueue", "ClusterQueue", "ResourceFlavor", "NodePool", "EC2NodeClass", "ServiceAccount", "PriorityClass"
)  # fmt: skip


@dataclass
class Api:
    """An API server behind the official client: notes what changes it; ``meanwhile`` happens at the first look."""

    meanwhile: Callable[[], object]
    changed: list[str] = field(default_factory=list)
    groups: tuple[str, ...] = tuple(f"{group}/{versions[-1]}" for group, versions in KNOWN.items())

    def call_api(self, path: str, method: str, **_call: Any) -> Any:
        if method == "GET":
            self.meanwhile()
        else:
            self.changed.append(f"{method} {path}")
        return SimpleNamespace(data=json.dumps(self._found(path)).encode())

    def _found(self, path: str) -> Object:
        versions = {each.partition("/")[0]: [{"version": each.partition("/")[2]}] for each in self.groups}
        groups = [{"name": name, "versions": each} for name, each in versions.items()]
        kinds = {kind: f"{kind.lower()}s" for kind in KINDS}
        resources = [{"kind": kind, "name": name, "namespaced": True} for kind, name in kinds.items()]
        return {"groups": groups, "resources": resources, "items": [], "metadata": {"name": "a", "uid": "u1"}}


def bring(runner: EksRunner) -> None:
    runner.up(LEASE, Halt())


def work(runner: EksRunner) -> None:
    runner._submit(runner._orders(LEASE, Work(command=("true",)))[0], silent)


@pytest.mark.parametrize("step", [bring, work])
@pytest.mark.parametrize("over", [True, False])
def test_whoever_was_frozen_changes_nothing_in_the_cluster_without_its_lease(
    over: bool, step: Callable[[EksRunner], None], runner: EksRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It wakes up between its last look and its request; the reaper has ended its burst meanwhile."""
    table = LeaseTable.of(runner.cloud, runner.deployment)

    def ended() -> None:
        if over and (record := table.release(LEASE, runner.cloud.clock())):
            table.stopped(record, runner.cloud.clock())

    def held() -> None:
        table.claim(LEASE, runner.cloud.clock())

    api = Api(ended)
    cast(Here, runner.access).cluster = Kube(cast(Any, api))  # type: ignore[assignment]
    with (
        fenced(held, STARTS),
        pytest.raises(RefusedError) if over else nullcontext() as refused,
    ):
        step(runner)
    assert len(api.changed) == (0 if over else 1)
    assert refused is None or refused.value.diagnostics[0].code == "TD690"


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


def refuses(*_runner: object) -> tuple[Instance, ...]:
    raise CloudError.of("TD664", "The Kubernetes API refused", detail="Unauthorized", fix="Renew them.")


def test_machines_are_told_by_their_tags_where_the_cluster_cannot_be_asked(
    runner: EksRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = launch(runner)
    monkeypatch.setenv(KUBECONFIG, "/nowhere")
    found = pool_status(runner.cloud, runner.deployment, "nightly", NOW)
    assert [lease.id for lease in found.record.leases] == [LEASE.id]
    assert [instance.id for instance in found.instances] == [machine]
    assert {one.what for one in found.unasked if "the kubeconfig cannot be used" in one.why} == {"machines", "jobs"}


def test_why_the_cluster_could_not_be_asked_is_told(runner: EksRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EksRunner, "capacity", refuses)
    monkeypatch.setattr(EksRunner, "jobs", refuses)
    found = pool_status(runner.cloud, runner.deployment, "nightly", NOW)
    assert found.unasked == (Unasked("machines", "Unauthorized"), Unasked("jobs", "Unauthorized"))


def test_machines_stay_told_where_the_jobs_alone_cannot_be_asked_for(
    runner: EksRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = launch(runner)
    monkeypatch.setattr(EksRunner, "jobs", refuses)
    found = pool_status(runner.cloud, runner.deployment, "nightly", NOW)
    assert ([one.id for one in found.instances], found.work) == ([machine], None)
