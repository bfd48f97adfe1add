"""A field that somebody else has changed in the cluster is told with its owner, and taken back where one says so."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.e2e.workspaces import Workspace, applied
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.projects import edited, leases, quota, spec_of, with_quota
from tideform.reaper.pools import POOL

QUEUE = "disputed-dev-fit"


@pytest.fixture(scope="module")
def project(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("disputed")
    with applied(folder, spec_of("disputed"), KUBECONFIG=str(cluster.kubeconfig)) as made:
        yield made
        made.run("destroy", "--yes")


@pytest.fixture
def disputed(project: Workspace, cluster: Cluster) -> str:
    """The quota that we have given, which somebody has changed by hand."""
    ours = quota(cluster.api, QUEUE)
    edited(cluster.api, with_quota(cluster.api, QUEUE, "4"), "somebody")
    return ours


def test_an_apply_names_the_owner_and_changes_nothing(project: Workspace, cluster: Cluster, disputed: str) -> None:
    refused = project.run("apply", "--yes")
    assert refused.returncode == 1, refused.stdout
    assert "TD666" in refused.stderr
    assert "It belongs to somebody since it was changed there" in refused.stderr
    assert "--force-conflicts" in refused.stderr
    assert quota(cluster.api, QUEUE) == "4"


def test_an_apply_that_is_told_to_takes_it_back(project: Workspace, cluster: Cluster, disputed: str) -> None:
    forced = project.run("apply", "--yes", "--force-conflicts")
    assert forced.returncode == 0, forced.stderr
    assert quota(cluster.api, QUEUE) == "95"
    planned = project.run("plan", "--detailed-exitcode")
    assert planned.returncode == 0, planned.stdout


@pytest.fixture
def left_standing(project: Workspace) -> None:
    """What a burst of another machine has made of a pool that goes between bursts, before that machine went dark.

    Nobody here can tell that it did, so the next burst finds the definitions; as was applied since, it has more nodes.
    """
    removing = spec_of("disputed").replace("nodes: 1..2", "nodes: 1..2\n    between_bursts: remove")
    project.spec.write_text(removing, encoding="utf-8")
    assert project.run("apply", "--yes").returncode == 0
    dark = project.start("burst", "up", "fit")
    dark.says("Bringing in")
    dark.signal(signal.SIGKILL)
    held_from_elsewhere(project)
    project.spec.write_text(removing.replace("nodes: 1..2", "nodes: 1..3"), encoding="utf-8")
    applied_again = project.run("apply", "--yes")
    assert applied_again.returncode == 0, applied_again.stderr


def held_from_elsewhere(project: Workspace) -> None:
    """Let the one lease say that its process is of another host."""
    table = project.cloud.client("dynamodb")
    name = project.deployment.physical_name("leases")
    (lease,) = leases(project)
    table.update_item(
        TableName=name,
        Key={"pk": {"S": f"{POOL}fit"}},
        UpdateExpression="SET leases.#lease.#process.#host = :host",
        ExpressionAttributeNames={"#lease": lease["id"], "#process": "process", "#host": "host"},
        ExpressionAttributeValues={":host": {"S": "elsewhere"}},
    )


@pytest.mark.usefixtures("left_standing")
def test_a_burst_that_makes_its_definitions_tells_and_takes_as_an_apply_does(
    project: Workspace, cluster: Cluster
) -> None:
    edited(cluster.api, with_quota(cluster.api, QUEUE, "190"), "somebody")
    refused = project.run("burst", "run", "fit", "--yes")
    assert refused.returncode == 101, refused.stdout
    assert "TD666" in refused.stderr
    assert "It belongs to somebody since it was changed there" in refused.stderr

    forced = project.run("burst", "run", "fit", "--yes", "--force-conflicts")
    assert forced.returncode == 0, forced.stderr
    assert quota(cluster.api, QUEUE) != "190"
