"""A receipt of a pool in a cluster asks the cluster, and takes no refusal for an answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.burst.eks.access import Access
from tideform.burst.inventory import kubernetes
from tideform.burst.inventory.base import Place
from tideform.burst.reaper.kubernetes_groups import KNOWN
from tideform.burst.receipt import _ask
from tideform.cloud import Cloud
from tideform.kube import KubeError

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
