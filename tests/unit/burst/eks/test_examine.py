"""Doctor looks at an existing cluster, and only where a spec has pools on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tideform.backends.training.eks import examine
from tideform.kube import Kube, KubeError
from tideform.reaper.kubernetes_groups import KNOWN

SPEC = """
version: 1
project: corpus
owner: a@b.c
region: us-east-1
cluster: {existing: mine}
training:
  fit: {backend: eks, instance_types: [g5.xlarge], nodes: 2, lease: 1h, job: {image: python, command: [python, -V]}}
"""


class Cluster:
    def __init__(self, kueue: tuple[str, ...], image: str = "kueue/kueue:v0.19.0") -> None:
        self.kueue, self.image = kueue, image

    def groups(self) -> dict[str, tuple[str, ...]]:
        return {**KNOWN, "kueue.x-k8s.io": self.kueue}

    def request(self, _method: str, path: str, **_query: Any) -> dict[str, Any]:
        if path == "/version":
            return {"minor": "36"}
        template = {"spec": {"containers": [{"image": f"registry.k8s.io/{self.image}"}]}}
        return {
            "items": [{"metadata": {"labels": {"app.kubernetes.io/name": "kueue"}}, "spec": {"template": template}}]
        }


@pytest.mark.parametrize(("kueue", "ok"), [(("v1beta2",), True), (("v1beta1",), True), (("v7",), False)])
def test_a_cluster_is_told_by_the_versions_that_it_serves(
    kueue: tuple[str, ...], ok: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tideform.yaml").write_text(SPEC, encoding="utf-8")
    monkeypatch.setattr(Kube, "of_kubeconfig", lambda *_: Cluster(kueue))
    (found,) = examine.cluster_checks(tmp_path / "tideform.yaml")
    assert found.ok is ok


@pytest.mark.parametrize(
    ("image", "ok", "told"),
    [
        ("kueue/kueue:v0.13.0", False, "Kueue is 0.13.0, and has to be 0.14 or newer"),
        ("kueue/kueue:v0.21.0", True, "Kueue 0.21.0 is newer than what was tried here"),
    ],
)
def test_a_controller_that_is_too_old_does_not_do_and_a_newer_one_is_told(
    image: str, ok: bool, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tideform.yaml").write_text(SPEC, encoding="utf-8")
    monkeypatch.setattr(Kube, "of_kubeconfig", lambda *_: Cluster(("v1beta2",), image))
    (found,) = examine.cluster_checks(tmp_path / "tideform.yaml")
    assert found.ok is ok
    assert told in found.found


def test_a_cluster_that_does_not_answer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_which: Any) -> Any:
        raise KubeError(401, "Unauthorized", "no")

    (tmp_path / "tideform.yaml").write_text(SPEC, encoding="utf-8")
    monkeypatch.setattr(Kube, "of_kubeconfig", refuse)
    (found,) = examine.cluster_checks(tmp_path / "tideform.yaml")
    assert (found.ok, found.found) == (False, "its API cannot be asked: Unauthorized: no")


def test_without_pools_on_an_existing_cluster_nobody_is_asked(tmp_path: Path) -> None:
    (tmp_path / "tideform.yaml").write_text(SPEC.replace("cluster: {existing: mine}\n", ""), encoding="utf-8")
    assert examine.cluster_checks(tmp_path / "tideform.yaml") == []
    assert examine.cluster_checks(tmp_path / "none.yaml") == []
