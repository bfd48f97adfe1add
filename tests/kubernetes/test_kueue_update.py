"""Objects that were written in an older version of Kueue's API are those of the newer one: nothing is made anew."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.workspaces import Workspace, applied
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.projects import KUEUE, spec_of
from tideform.kube import Kube

NAME = "updated-dev-fit"
KINDS = (("ResourceFlavor", NAME, None), ("ClusterQueue", NAME, None), ("LocalQueue", "bursts", NAME))


@pytest.fixture(scope="module")
def project(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Applied in v1beta1; the spec then says no version any more, and the cluster is asked."""
    folder, before = tmp_path_factory.mktemp("updated"), spec_of("updated", ", kueue: v1beta1")
    with applied(folder, before, KUBECONFIG=str(cluster.kubeconfig)) as made:
        made.spec.write_text(spec_of("updated"), encoding="utf-8")
        yield made


def identities(api: Kube) -> list[str]:
    """Of each object of Kueue's, what changes only where it is made anew."""
    found = [api.get(KUEUE, kind, name, space) for kind, name, space in KINDS]
    return [str((each or {})["metadata"]["uid"]) for each in found]


def test_a_plan_in_the_newer_version_replaces_nothing(project: Workspace) -> None:
    planned = project.run("plan", "--json")
    assert planned.returncode == 0, planned.stderr
    changes = json.loads(planned.stdout)["resource_changes"]
    assert {each["address"] for each in changes if "delete" in each["change"]["actions"]} == set()
    assert {each["address"] for each in changes if "create" in each["change"]["actions"]} == set()


def test_an_apply_in_the_newer_version_keeps_every_object(project: Workspace, cluster: Cluster) -> None:
    before = identities(cluster.api)
    applied_anew = project.run("apply", "--yes")
    assert applied_anew.returncode == 0, applied_anew.stderr
    assert identities(cluster.api) == before


def test_nothing_is_left_to_change_after_it(project: Workspace) -> None:
    planned = project.run("plan", "--detailed-exitcode")
    assert planned.returncode == 0, planned.stdout


def test_what_was_made_in_the_older_version_is_gone_with_a_destroy(project: Workspace, cluster: Cluster) -> None:
    assert project.run("destroy", "--yes").returncode == 0
    assert [cluster.api.get(KUEUE, kind, name, space) for kind, name, space in KINDS] == [None, None, None]
