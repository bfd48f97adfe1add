"""The receipt of an environment that uses everything tells of whatever moto's own backends hold of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.backends import Thing
from tests.e2e.workspaces import REPOSITORY, Workspace, opened, until
from tests.everything import WITHOUT_KUBERNETES
from tests.unit.stacks.collecting import FULL, PINNED
from tideform.burst.receipt import Receipt, environment_receipt
from tideform.cloud import Cloud
from tideform.resources.inventory import Leftover

pytestmark = pytest.mark.e2e

SPEC = {**FULL, **WITHOUT_KUBERNETES, "environments": {"dev": {"target": "local"}}}
# How moto calls what a receipt calls otherwise.
MOTO = {
    "application-autoscaling": "applicationautoscaling",
    "lambda": "awslambda",
    "endpointconfiguration": "endpointconfig",
    "scalingtarget": "scalabletarget",
}
# What a backend keeps apart and AWS has no resource for, or lets go with one that the receipt tells of.
PARTS = {
    "applicationautoscaling.FakeApplicationAutoscalingPolicy": "its scaling target",
    "budgets.Notification": "its budget",
    "cloudwatch.MetricDatum": "nothing: data that runs out",
    "dynamodb.Item": "its table",
    "ec2.MainRouteTable": "its VPC",
    "ec2.NetworkAcl": "its VPC, which comes with one",
    "ec2.NetworkAclEntry": "its VPC",
    "ec2.NetworkInterface": "its VPC endpoint",
    "ec2.Route": "its route table",
    "ec2.SecurityGroupRule": "its security group",
    "ecs.Cluster": "its compute environment: Batch makes it, and takes it away",
    "iam.ServiceLinkedRole": "nothing: it is the service's own, one for the account",
    "logs.LogEvent": "its log group",
    "logs.LogStream": "its log group",
    "s3.FakeAcl": "its bucket",
    "s3.FakeGrant": "its bucket",
    "s3.FakeGrantee": "its bucket",
    "s3.LifecycleRule": "its bucket",
    "s3.NotificationConfiguration": "its bucket",
    "s3.PublicAccessBlock": "its bucket",
    "sns.Subscription": "its topic",
}


@dataclass
class Sandbox:
    """A workspace, and the process of its sandbox that can be asked for its backends."""

    project: Workspace
    process: subprocess.Popen[bytes]
    file: Path

    def things(self) -> set[Thing]:
        """What the backends hold now."""
        self.file.unlink(missing_ok=True)
        self.process.send_signal(signal.SIGUSR1)
        until(self.file.exists, "the backends to be written down")
        return {Thing(service, kind, tuple(names)) for service, kind, names in json.loads(self.file.read_text())}

    def warm(self) -> None:
        """Have each service make what every account has from the start: a default network, bus and group."""
        own = self.project.cloud
        for region in (own.region, "us-east-1"):
            cloud = Cloud(region, own.account, own.credentials)
            cloud.client("ec2").describe_vpcs()
            cloud.client("iam").list_roles()
            cloud.client("events").list_event_buses()
            cloud.client("scheduler").list_schedule_groups()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    root = tmp_path_factory.mktemp("everything")
    (root / ".tideform" / "dev").mkdir(parents=True)
    (root / ".tideform" / "sandbox").mkdir()
    (root / "image").mkdir()
    (root / "image" / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    (root / ".tideform" / "dev" / "pins.json").write_text(json.dumps(PINNED), encoding="utf-8")
    file = root / "things.json"
    command = [sys.executable, "-m", "tests.e2e.backends", str(root), str(file)]
    with (
        opened(root, json.dumps(SPEC)) as project,
        subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.read(5) == b"ready"
        try:
            yield Sandbox(project, process, file)
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def made(sandbox: Sandbox) -> set[Thing]:
    """What an apply of everything has put into the backends."""
    sandbox.warm()
    before = sandbox.things()
    done = sandbox.project.run("apply", "--yes")
    assert done.returncode == 0, done.stderr
    return sandbox.things() - before


@pytest.fixture(scope="module")
def receipt(sandbox: Sandbox, made: set[Thing]) -> Receipt:
    assert made
    return environment_receipt(sandbox.project.cloud, sandbox.project.deployment)


def test_whatever_exists_is_in_the_receipt_or_a_part_of_what_is(made: set[Thing], receipt: Receipt) -> None:
    whole = [thing for thing in made if f"{thing.service}.{thing.kind}" not in PARTS]
    assert sorted(thing for thing in whole if not any(_tells_of(found, thing) for found in receipt.leftovers)) == []


def _tells_of(found: Leftover, thing: Thing) -> bool:
    """Of the same service and kind, and called by one of its own names; an ARN ends in one of those."""
    kind = found.kind.replace(" ", "").lower()
    called = {found.id, found.name, found.id.rpartition("/")[2]} - {""}
    return (
        MOTO.get(found.service, found.service) == thing.service
        and thing.kind.lower().removesuffix("s").endswith(MOTO.get(kind, kind).removesuffix("s"))
        and any({name, name.rpartition("/")[2], name.rpartition(":")[2]} & called for name in thing.names)
    )


def test_every_service_of_the_receipt_has_answered_and_nothing_is_taken_for_anothers(receipt: Receipt) -> None:
    assert (receipt.unasked, receipt.foreign) == ((), ())


def test_what_starts_work_by_itself_is_in_the_receipt(receipt: Receipt) -> None:
    """The functions, their schedules and their logs once were not."""
    kinds = {(found.service, found.kind) for found in receipt.leftovers}
    assert {("lambda", "function"), ("scheduler", "schedule"), ("events", "rule")} <= kinds
    assert "/aws/lambda/fraud-scoring-dev-reaper" in {found.id for found in receipt.leftovers}
