"""A burst begins only where all objects of its pool are in the cluster, as far as one may see them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.backends.training.eks.access import Access
from tideform.backends.training.eks.whole import require_whole
from tideform.cloud import Cloud
from tideform.errors import RefusedError
from tideform.kube import KubeError
from tideform.reaper.kubernetes_groups import KNOWN


class Cluster:
    """All is there but these kinds; and those one may not look at."""

    def __init__(self, *missing: str, hidden: tuple[str, ...] = ()) -> None:
        self.missing, self.hidden = missing, hidden

    def groups(self) -> dict[str, tuple[str, ...]]:
        return dict(KNOWN)

    def get(self, _version: str, kind: str, *_which: Any) -> dict[str, Any] | None:
        if kind in self.hidden:
            raise KubeError(403, "Forbidden", "no")
        return None if kind in self.missing else {"kind": kind}


@pytest.fixture
def access(cloud: Cloud, tmp_path: Path) -> Access:
    nightly = {**FULL["training"]["nightly"], "backend": "eks"}
    return Access(cloud, deployment_of({**FULL, "training": {"nightly": nightly}}, tmp_path))


def test_a_pool_that_is_whole_may_burst(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Access, "kube", property(lambda _: Cluster()))
    require_whole(access, "nightly")


@pytest.mark.parametrize("kind", ["ServiceAccount", "PriorityClass", "ClusterQueue", "EC2NodeClass"])
def test_what_is_missing_is_named(kind: str, access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Access, "kube", property(lambda _: Cluster(kind)))
    with pytest.raises(RefusedError) as refused:
        require_whole(access, "nightly")
    (told,) = refused.value.diagnostics
    assert told.code == "TD603"
    assert kind in told.detail


def test_what_one_may_not_look_at_is_not_taken_for_missing(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Access, "kube", property(lambda _: Cluster(hidden=("ClusterQueue", "PriorityClass"))))
    require_whole(access, "nightly")
