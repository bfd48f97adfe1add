"""An account in memory with a lease table, and leases to put into it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws

from tests.unit.burst.atomic import make_dynamodb_atomic
from tideform.burst.lease import Lease, Mode, new_lease
from tideform.burst.reaper_zip import sha256, zipped
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.components.reaper.plan import as_made, files, handles, reaper_name
from tideform.components.scope import Scope
from tideform.pools.applied_with import APPLIED_WITH, applied_with
from tideform.reaper.dry_run import HANDLES
from tideform.spec.deployment import Deployment
from tideform.spec.project import Environment, Project

NOW = 1_800_000_000.0
Apply = Callable[[Deployment], None]


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    spec = Project.model_validate(
        {
            "version": 1,
            "project": "demo",
            "owner": "me@example.com",
            "region": "us-east-1",
            "storage": {"data": {"kind": "dataset"}},
            "training": {
                "fit": {
                    "instance_types": ["c5.large"],
                    "nodes": 2,
                    "lease": "1h",
                    "max_cost": "3 USD",
                    "job": {"image": "trainer", "command": ["python", "train.py"]},
                }
            },
        }
    )
    return Deployment(spec, "dev", Environment(target="local"), tmp_path / "tideform.yaml", "0" * 64)


@pytest.fixture(scope="session")
def clients() -> Cloud:
    """Clients are dear to make; moto empties the account between tests."""
    make_dynamodb_atomic()  # loads moto, which has to be there before the first client
    made = Cloud("us-east-1", "123456789012", clock=lambda: NOW)
    made.session = boto3.Session("testing", "testing", region_name="us-east-1")
    return made


@pytest.fixture
def cloud(clients: Cloud) -> Iterator[Cloud]:
    with mock_aws():
        yield clients


@pytest.fixture
def table(cloud: Cloud, deployment: Deployment) -> LeaseTable:
    """The table as the foundation layer makes it."""
    cloud.client("dynamodb").create_table(
        TableName=deployment.physical_name("leases"),
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return LeaseTable.of(cloud, deployment)


@pytest.fixture
def lease(deployment: Deployment) -> Lease:
    return lease_of(deployment)


def lease_of(deployment: Deployment, mode: Mode = Mode.RUN, **changes: object) -> Lease:
    made = new_lease("fit", deployment.spec.training["fit"], mode, now=NOW, hourly_usd=None)
    return replace(made, **changes)  # type: ignore[arg-type]  # the fields of a lease


@pytest.fixture
def apply(monkeypatch: pytest.MonkeyPatch) -> Apply:
    """Put into the state what an apply of a deployment puts there of the reaper, and of each pool."""

    def put(deployment: Deployment) -> None:
        scope = Scope(deployment, "foundation")
        function = {
            "type": "aws:lambda/function:Function",
            "inputs": {"code": {"assets": {HANDLES: {"text": json.dumps(handles(deployment))}}}},
            "outputs": {"name": reaper_name(scope), "codeSha256": sha256(zipped(files(deployment)))},
        }
        component = {"type": "tideform:components:Reaper", "outputs": as_made(scope)}
        state = {f"training/{name}": pool_state(applied_with(deployment, name)) for name in deployment.spec.training}
        state["foundation"] = SimpleNamespace(resources=[component, function])
        in_state(monkeypatch, state)

    return put


def pool_state(words: Mapping[str, str] | None) -> SimpleNamespace:
    """The state of a pool's stack, as an apply leaves it; None: one that has noted nothing."""
    return SimpleNamespace(empty=False, outputs={} if words is None else {APPLIED_WITH: words})


def in_state(monkeypatch: pytest.MonkeyPatch, state: Mapping[str, SimpleNamespace]) -> None:
    """Let the state have these stacks, by the keys of their programs."""
    backend = SimpleNamespace(
        existing=lambda: [SimpleNamespace(layer=key.partition("/")[0], key=key) for key in state],
        checkpoint=lambda program: state.get(program.key),
        unit=lambda layer, name: state.get(f"{layer}/{name}"),
    )
    monkeypatch.setattr("tideform.connect.backend_of", lambda _: backend)
