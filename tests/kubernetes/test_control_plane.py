"""The control plane of the tests: it is the real one, and it leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.services import wait_for
from tests.kubernetes.versions import KUBERNETES
from tideform.kube import KubeError


def test_it_is_the_version_of_the_table(control_plane: ControlPlane) -> None:
    assert control_plane.api.request("GET", "/version")["gitVersion"] == KUBERNETES


@pytest.mark.parametrize(
    ("api_version", "kind", "namespaced"),
    [
        ("karpenter.sh/v1", "NodePool", False),
        ("karpenter.sh/v1", "NodeClaim", False),
        ("karpenter.k8s.aws/v1", "EC2NodeClass", False),
        ("kueue.x-k8s.io/v1beta2", "ClusterQueue", False),
        ("kueue.x-k8s.io/v1beta2", "LocalQueue", True),
        ("jobset.x-k8s.io/v1alpha2", "JobSet", True),
        ("trainer.kubeflow.org/v1alpha1", "TrainJob", True),
    ],
)
def test_it_serves_what_the_programs_use(
    control_plane: ControlPlane, api_version: str, kind: str, namespaced: bool
) -> None:
    assert control_plane.api.kind(api_version, kind).namespaced == namespaced


def test_it_refuses_what_a_custom_resource_does_not_allow(control_plane: ControlPlane) -> None:
    queue = {
        "apiVersion": "kueue.x-k8s.io/v1beta2",
        "kind": "LocalQueue",
        "metadata": {"name": "wrong", "namespace": "default"},
        "spec": {"clusterQueue": "pool", "stopPolicy": "Perhaps"},
    }
    with pytest.raises(KubeError, match="stopPolicy"):
        control_plane.api.apply(queue)


def test_nothing_lives_on_when_its_process_is_killed(control_plane: ControlPlane) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-m", "tests.kubernetes.control_plane", "--hold"], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    with holder, holder.stdout as said:
        folder = Path(said.readline().strip()).parent
        started = _processes_of(folder)
        os.kill(holder.pid, signal.SIGKILL)
    assert len(started) >= 2
    wait_for("the end of its processes", lambda: not _processes_of(folder), 30)
    shutil.rmtree(folder)


def _processes_of(folder: Path) -> list[str]:
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = each.read_text(errors="replace")
        except OSError:
            continue
        if str(folder) in command:
            found.append(each.parent.name)
    return found
