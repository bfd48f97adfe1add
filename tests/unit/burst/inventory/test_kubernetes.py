"""A receipt of a pool in a cluster asks the cluster, and takes no refusal for an answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.burst.conftest import NOW
from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.backends.training.eks import inventory as kubernetes
from tideform.backends.training.eks.access import Access
from tideform.burst.lease import Mode, new_lease
from tideform.burst.receipt import _ask, capacity_receipt
from tideform.burst.table import LeaseTable
from tideform.burst.terms import terms_of
from tideform.cloud import Cloud
from tideform.kube import KubeError
from tideform.reaper.kubernetes_groups import KNOWN
from tideform.resources.inventory import Place
from tideform.spec.deployment import Deployment

POOL = "acme-dev-nightly"


class Cluster:
    """What is found in it, by kind; or why it refuses."""

    def __init__(self, found: dict[str, list[dict[str, Any]]], refusal: KubeError | None = None) -> None:
        self.found, self.refusal = found, refusal

    def groups(self) -> dict[str, tuple[str, ...]]:
        if self.refusal:
            raise self.refusal
        return dict(KNOWN)

    def find(self, _version: str, kind: str, *_space: str, labels: Any = None) -> list[dict[str, Any]]:
        return self.found.get(kind, [])

    def get(self, _version: str, kind: str, *_which: str) -> dict[str, Any] | None:
        return next(iter(self.found.get(kind, [])), None)


def object_named(name: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": POOL}, **more}


def left(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> Any:
    spec = {**FULL, "training": {"nightly": {**FULL["training"]["nightly"], "backend": "eks"}}}
    deployment = deployment_of({**spec, "cluster": {"existing": "mine"}}, tmp_path)
    monkeypatch.setattr(Access, "kube", property(lambda _: cluster))
    return _ask("it", Place(cloud, deployment, "nightly"), [kubernetes.AREA])


def test_nothing_in_the_cluster_is_an_empty_receipt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: Cloud
) -> None:
    over = {"conditions": [{"type": "Complete", "status": "True"}]}
    found = {
        "Job": [object_named("done", status=over)],
        "Pod": [object_named("ended", status={"phase": "Succeeded"})],
        "LocalQueue": [object_named("bursts", spec={"stopPolicy": "HoldAndDrain"})],
    }
    assert left(Cluster(found), tmp_path, monkeypatch, cloud).empty


@pytest.mark.parametrize(
    ("kind", "told"),
    [("Job", "job"), ("JobSet", "jobset"), ("Pod", "pod"), ("NodeClaim", "node claim"), ("Node", "node")],
)
def test_what_a_finalizer_holds_is_a_leftover_that_names_its_holder(
    kind: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: Cloud
) -> None:
    held = object_named("x")
    held["metadata"] |= {"deletionTimestamp": "2026-11-21T10:00:00Z", "finalizers": ["example.com/mine"]}
    (found,) = left(Cluster({kind: [held]}), tmp_path, monkeypatch, cloud).leftovers
    assert (found.service, found.kind, found.note) == ("kubernetes", told, "held by example.com/mine")


def test_a_queue_that_is_open_is_a_leftover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    queue = object_named("bursts", spec={"stopPolicy": "None"})
    (found,) = left(Cluster({"LocalQueue": [queue]}), tmp_path, monkeypatch, cloud).leftovers
    assert found.kind == "open queue"


def test_an_api_that_refuses_is_said_and_the_receipt_is_not_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: Cloud
) -> None:
    receipt = left(Cluster({}, KubeError(401, "Unauthorized", "no")), tmp_path, monkeypatch, cloud)
    assert not receipt.empty
    assert [(each.what, each.why) for each in receipt.unasked] == [("The Kubernetes API", "Unauthorized: no")]


@pytest.fixture
def removed(cloud: Cloud, tmp_path: Path) -> Deployment:
    """A pool of a cluster that the lease table knows, and that the spec no longer has."""
    spec = {**FULL, "training": {"nightly": {**FULL["training"]["nightly"], "backend": "eks"}}}
    deployment = deployment_of({**spec, "cluster": {"existing": "mine"}}, tmp_path)
    cloud.client("dynamodb").create_table(
        TableName=deployment.physical_name("leases"),
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    lease = new_lease("nightly", deployment.spec.training["nightly"], Mode.RUN, now=NOW, hourly_usd=None)
    LeaseTable.of(cloud, deployment).acquire(lease, terms_of(deployment, "nightly"))
    return replace(deployment, spec=deployment.spec.model_copy(update={"training": {}, "cluster": None}))


def test_the_receipt_of_a_pool_that_the_spec_no_longer_has_asks_its_cluster(
    removed: Deployment, monkeypatch: pytest.MonkeyPatch, cloud: Cloud
) -> None:
    monkeypatch.setattr(Access, "kube", property(lambda _: Cluster({"Job": [object_named("forgotten")]})))
    (found,) = capacity_receipt(cloud, removed, "nightly").leftovers
    assert (found.kind, found.id) == ("job", f"{POOL}/forgotten")


def test_the_receipt_of_such_a_pool_is_not_empty_where_its_cluster_does_not_answer(
    removed: Deployment, monkeypatch: pytest.MonkeyPatch, cloud: Cloud
) -> None:
    refusing = Cluster({}, KubeError(401, "Unauthorized", "no"))
    monkeypatch.setattr(Access, "kube", property(lambda _: refusing))
    assert [each.what for each in capacity_receipt(cloud, removed, "nightly").unasked] == ["The Kubernetes API"]


def test_it_is_not_empty_either_where_nobody_tells_where_the_pool_was(removed: Deployment, cloud: Cloud) -> None:
    cloud.client("dynamodb").delete_table(TableName=removed.physical_name("leases"))
    assert [each.what for each in capacity_receipt(cloud, removed, "nightly").unasked] == [
        "the lease table, for where it was"
    ]
