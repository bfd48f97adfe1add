"""What cannot work is told at once, by every command, and before any lease is taken: the API server alone is enough."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.workspaces import Workspace, applied
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.projects import edited, leases, quota, spec_of, with_quota, with_user
from tideform.registry.training import backends

QUEUE = "refused-dev-fit"
COMMANDS = (("burst", "run", "fit", "--yes"), ("burst", "up", "fit"), ("burst", "status"), ("jobs", "fit"))
SECONDS = 45.0  # generous for a busy machine; each took two minutes once


@pytest.fixture(scope="module")
def project(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("refused")
    with applied(folder, spec_of("refused"), KUBECONFIG=str(control_plane.kubeconfig)) as made:
        yield made


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of somebody who takes calls and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def expired(control_plane: ControlPlane, tmp_path: Path) -> Path:
    """A kubeconfig with a token that the API server no longer takes."""
    return with_user(control_plane.kubeconfig, tmp_path, {"token": "k8s-aws-v1.over"})


def told(project: Workspace, command: tuple[str, ...], kubeconfig: Path) -> str:
    """What a command says of a cluster that it cannot use, and that it says so in time."""
    began = time.monotonic()
    done = project.run(*command, KUBECONFIG=str(kubeconfig))
    took = time.monotonic() - began
    print(f"\n{' '.join(command)}: exit code {done.returncode} after {took:.1f} s")
    assert took < SECONDS
    return done.stdout + done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_expired_token_is_told_at_once(project: Workspace, expired: Path, command: tuple[str, ...]) -> None:
    said = told(project, command, expired)
    assert "Unauthorized" in said
    assert "TD090" not in said
    assert leases(project) == []


def test_an_expired_token_comes_with_the_way_out(project: Workspace, expired: Path) -> None:
    said = told(project, ("burst", "run", "fit", "--yes"), expired)
    assert "TD664" in said
    assert "Your credentials for the cluster are over" in said


def test_an_address_that_never_answers_is_given_up(
    project: Workspace, control_plane: ControlPlane, silent: str, tmp_path: Path
) -> None:
    said = told(project, ("burst", "run", "fit", "--yes"), with_user(control_plane.kubeconfig, tmp_path, {}, silent))
    assert "TD664" in said
    assert leases(project) == []


def test_machines_are_shown_while_the_api_is_away(project: Workspace, expired: Path) -> None:
    machine = launched(project)
    said = json.loads(told(project, ("burst", "status", "--json"), expired))["pools"][0]
    assert [each["id"] for each in said["instances"]] == [machine]
    assert "Unauthorized" in said["unasked"][0]["why"]


@pytest.mark.parametrize("variable", ["KUBECONFIG", "TIDEFORM_KUBECONFIG"])
def test_the_state_holds_the_name_of_a_context_and_no_path(
    project: Workspace, control_plane: ControlPlane, variable: str
) -> None:
    assert project.run("apply", "--yes", **{variable: str(control_plane.kubeconfig)}).returncode == 0
    kept = [file.read_text(errors="replace") for file in project.folder.state("dev").rglob("*") if file.is_file()]
    assert any(re.search(r'"context":\s*"test"', text) for text in kept)
    assert not any(str(control_plane.folder) in text for text in kept)


def launched(project: Workspace) -> str:
    """A machine with the pool's tags, as Karpenter launches it."""
    ec2 = project.cloud.client("ec2")
    tags = backends()["eks"].handle(project.deployment, "fit")["tags"]
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    made = ec2.run_instances(
        ImageId=ec2.describe_images()["Images"][0]["ImageId"],
        InstanceType="c5.large",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": pairs}],
    )
    return str(made["Instances"][0]["InstanceId"])


def test_a_job_of_more_machines_than_the_pool_has_is_refused_without_a_lease(project: Workspace) -> None:
    refused = project.run("burst", "run", "fit", "--yes", "--nodes", "3")
    assert refused.returncode == 101
    assert "TD159" in refused.stderr
    assert "Bringing in" not in refused.stderr
    assert leases(project) == []


def test_a_job_that_the_clusters_quota_never_holds_is_refused_without_a_lease(
    project: Workspace, control_plane: ControlPlane
) -> None:
    api = control_plane.api
    edited(api, with_quota(api, QUEUE, "4"), "somebody")
    refused = project.run("burst", "run", "fit", "--yes")
    assert refused.returncode == 101
    assert "TD669" in refused.stderr
    assert "has 4" in refused.stderr
    assert leases(project) == []
    assert project.run("apply", "--yes", "--force-conflicts").returncode == 0
    assert quota(api, QUEUE) == "95"


def controller(version: str) -> dict[str, Any]:
    """Kueue's own deployment, as its chart makes it."""
    labels = {"app.kubernetes.io/name": "kueue"}
    pod = {"containers": [{"name": "manager", "image": f"registry.k8s.io/kueue/kueue:v{version}"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "kueue-controller-manager", "namespace": "default", "labels": labels},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }


@pytest.fixture
def kueue(control_plane: ControlPlane) -> Iterator[Callable[[str], None]]:
    """Have the cluster run a version of Kueue, as far as one can see."""

    def run(version: str) -> None:
        control_plane.api.apply(controller(version))

    yield run
    control_plane.api.delete("apps/v1", "Deployment", "kueue-controller-manager", "default")


def test_a_controller_that_is_too_old_is_told_by_doctor_and_refuses_a_burst(
    project: Workspace, kueue: Callable[[str], None]
) -> None:
    kueue("0.13.4")
    said = "Kueue is 0.13.4, and has to be 0.14 or newer"
    assert said in project.run("doctor").stdout
    burst = project.run("burst", "run", "fit", "--yes")
    assert burst.returncode == 101
    assert "TD665" in burst.stderr
    assert said in burst.stderr
    assert leases(project) == []


def test_a_controller_that_is_newer_than_what_was_tried_is_told_by_doctor(
    project: Workspace, kueue: Callable[[str], None]
) -> None:
    kueue("0.31.0")
    told = project.run("doctor")
    assert told.returncode == 0
    assert "Kueue 0.31.0 is newer than what was tried here, up to 0.19" in told.stdout
