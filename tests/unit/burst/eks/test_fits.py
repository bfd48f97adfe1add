"""Whether a job can ever be let in is asked before a lease is taken."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.backends.training.eks.access import Access
from tideform.backends.training.eks.fits import quota, require_fit
from tideform.cloud import Cloud
from tideform.errors import RefusedError
from tideform.reaper.kubernetes_groups import KNOWN

Object = dict[str, Any]


def queue(**quotas: str) -> Object:
    resources = [{"name": name.replace("__", "/").replace("_", "."), "nominalQuota": q} for name, q in quotas.items()]
    return {"spec": {"resourceGroups": [{"coveredResources": [], "flavors": [{"name": "x", "resources": resources}]}]}}


class Cluster:
    """What it has of a pool, by kind."""

    def __init__(self, **found: Object) -> None:
        self.found = found

    def groups(self) -> dict[str, tuple[str, ...]]:
        return dict(KNOWN)

    def get(self, _version: str, kind: str, *_which: str) -> Object | None:
        return self.found.get(kind)


@pytest.fixture
def access(cloud: Cloud, tmp_path: Path) -> Access:
    """Of a pool of at most two machines with 4 vCPUs, 16 GiB and one GPU."""
    nightly = {**FULL["training"]["nightly"], "backend": "eks", "accelerator": None}
    nightly |= {"instance_types": ["g5.xlarge"], "nodes": 2}
    return Access(cloud, deployment_of({**FULL, "training": {"nightly": nightly}}, tmp_path))


def told(access: Access, monkeypatch: pytest.MonkeyPatch, cluster: Cluster, nodes: int = 2) -> str:
    monkeypatch.setattr(Access, "kube", property(lambda _: cluster))
    try:
        require_fit(access, "nightly", nodes)
    except RefusedError as refused:
        (found,) = refused.diagnostics
        assert found.code == "TD669"
        return found.detail
    return ""


def test_what_the_queue_can_have_is_let_through(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = queue(cpu="7", memory="100Gi", nvidia_com__gpu="2")
    assert told(access, monkeypatch, Cluster(ClusterQueue=whole)) == ""


def test_a_quota_that_somebody_has_lowered_is_told_with_what_was_asked(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    lowered = queue(cpu="4", memory="100Gi", nvidia_com__gpu="2")
    found = told(access, monkeypatch, Cluster(ClusterQueue=lowered))
    assert found == "nightly: it asks for 7 of cpu, and the quota of its queue fraud-scoring-dev-nightly has 4"


def test_a_resource_that_the_queue_does_not_count_is_never_let_in(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = told(access, monkeypatch, Cluster(ClusterQueue=queue(cpu="7", memory="100Gi")))
    assert "2 of nvidia.com/gpu" in found


def test_limits_of_a_node_pool_that_somebody_has_lowered_are_told(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = told(access, monkeypatch, Cluster(NodePool={"spec": {"limits": {"cpu": "4"}}}))
    assert found == "nightly: it asks for 7 of cpu, and the limits of its node pool fraud-scoring-dev-nightly has 4"


@pytest.mark.parametrize("word", ["cohort", "cohortName"])
def test_a_queue_that_may_borrow_refuses_nothing(word: str) -> None:
    assert quota({"spec": {word: "all", **queue(cpu="1")["spec"]}}) is None


def test_flavours_of_a_queue_are_added_up() -> None:
    one = {"resources": [{"name": "cpu", "nominalQuota": "1500m"}]}
    assert quota({"spec": {"resourceGroups": [{"flavors": [one, one]}]}}) == {"cpu": Decimal(3)}


def test_definitions_that_are_not_there_yet_refuse_nothing(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(access, monkeypatch, Cluster()) == ""
