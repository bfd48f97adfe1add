"""Which job's pods are read, and what is said where there is nothing to read any more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tideform.backends.training.eks.pod_logs import PodLogs
from tideform.burst.halt import Halt
from tideform.errors import RefusedError
from tideform.kube import Kube

Object = dict[str, Any]
DONE = {"conditions": [{"type": "Complete", "status": "True"}]}


def job(name: str, made: str, status: Object | None = None) -> Object:
    metadata = {
        "name": name,
        "namespace": "demo",
        "uid": f"uid-of-{name}",
        "creationTimestamp": made,
        "labels": {"tideform.dev/lease": "0123"},
    }
    return {"metadata": metadata, "status": status or {}}


def pod(name: str) -> Object:
    labels = {"batch.kubernetes.io/controller-uid": f"uid-of-{name}"}
    metadata = {"name": f"{name}-x", "namespace": "demo", "labels": labels}
    return {"metadata": metadata, "status": {"phase": "Running"}}


@dataclass
class Cluster:
    """What a cluster would answer, as a test sets it."""

    jobs: list[Object] = field(default_factory=list)
    pods: list[Object] = field(default_factory=list)

    def find(self, _api_version: str, kind: str, *_where: str, labels: Any = None) -> list[Object]:
        return {"Job": self.jobs, "Pod": self.pods}.get(kind, [])

    def get(self, _api_version: str, _kind: str, name: str, _space: str) -> Object:
        return next(each for each in self.jobs if each["metadata"]["name"] == name)

    def request(self, *_call: str, query: Any = None) -> Object:
        return {"items": []}

    def text(self, path: str, _query: Any) -> str:
        return f"2026-11-21T10:00:00Z printed by {path.split('/')[-2]}"


def logs(cluster: Cluster) -> PodLogs:
    return PodLogs(lambda: cast(Kube, cluster), "demo")


def shown(cluster: Cluster, wanted: str | None = None) -> list[str]:
    told: list[str] = []
    logs(cluster).show("fit", wanted, told.append)
    return told


OLD, NEW = job("old", "2026-11-21T09:00:00Z"), job("new", "2026-11-21T10:00:00Z")
HOLD = job("hold-0123-0", "2026-11-21T11:00:00Z")


def test_the_newest_job_is_read_and_what_holds_nodes_is_none() -> None:
    assert shown(Cluster([OLD, NEW, HOLD], [pod("old"), pod("new")])) == ["printed by new-x"]


@pytest.mark.parametrize("wanted", ["old", "uid-of-old"])
def test_a_job_can_be_named_as_jobs_lists_it(wanted: str) -> None:
    assert shown(Cluster([OLD, NEW], [pod("old"), pod("new")]), wanted) == ["printed by old-x"]


def test_following_ends_with_the_job() -> None:
    told: list[str] = []
    cluster = Cluster([job("new", "2026-11-21T10:00:00Z", DONE)], [pod("new")])
    logs(cluster).follow("fit", None, told.append, Halt(), 0)
    assert told == ["printed by new-x"]


@pytest.mark.parametrize(
    ("cluster", "wanted", "detail"),
    [
        (Cluster(), None, "fit has no job in the cluster"),
        (Cluster([OLD]), "other", "fit has no job 'other' in the cluster"),
        (Cluster([job("old", "2026-11-21T09:00:00Z", DONE)]), None, "its machines are gone"),
    ],
    ids=["no job", "another", "gone"],
)
def test_where_nothing_can_be_read_it_is_said_why(cluster: Cluster, wanted: str | None, detail: str) -> None:
    with pytest.raises(RefusedError) as refused:
        shown(cluster, wanted)
    (found,) = refused.value.diagnostics
    assert found.code == "TD678"
    assert detail in found.detail
