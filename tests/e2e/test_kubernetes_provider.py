"""The Kubernetes provider on the real engine, without a cluster: objects are checked and kept in the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from tests.e2e.pulumi_stack import BareStack
from tideform.engine.provider_process import write_launcher
from tideform.local.client import ensure, stop
from tideform.paths import Workspace
from tideform_sandbox.providers.kubernetes.places import Stored, store_of

pytestmark = pytest.mark.e2e


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BareStack]:
    workspace = Workspace(tmp_path)
    monkeypatch.delenv("TIDEFORM_KUBECONFIG", raising=False)
    write_launcher(tmp_path / "bin", "kubernetes")
    yield BareStack(tmp_path, ensure(workspace).credentials)
    stop(workspace)


@pytest.fixture
def kept(stack: BareStack) -> Stored:
    return store_of({"clusterIdentifier": "c1"}, stack.credentials.environ("us-east-1"))


def options(**more: Any) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=k8s.Provider("k", cluster_identifier="c1"), **more)


def objects(quota: str = "4", **labels: str) -> None:
    opts = options()
    namespace = k8s.core.v1.Namespace("team", metadata={"name": "team", "labels": {"a": "b", **labels}}, opts=opts)
    k8s.core.v1.ResourceQuota(
        "quota", metadata={"namespace": namespace.metadata.name}, spec={"hard": {"cpu": quota}}, opts=opts
    )
    k8s.apiextensions.CustomResource(
        "queue",
        api_version="kueue.x-k8s.io/v1beta1",
        kind="LocalQueue",
        metadata={"name": "queue", "namespace": "team"},
        spec={"clusterQueue": "pool"},
        opts=opts,
    )


def test_objects_of_any_kind_live_and_end(stack: BareStack, kept: Stored) -> None:
    assert stack.up(objects)["create"] == 5
    assert stack.up(objects) == {"same": 5}
    assert stack.up(lambda: objects(quota="8")) == {"same": 4, "update": 1}
    name = stack.resources()["quota"]["outputs"]["metadata"]["name"]
    found = kept.get("v1", "ResourceQuota", name, "team")
    assert found is not None and found["spec"] == {"hard": {"cpu": "8"}}
    stack.destroy()
    assert kept.get("v1", "Namespace", "team") is None


def test_a_change_outside_is_found_and_put_right(stack: BareStack, kept: Stored) -> None:
    stack.up(objects)
    queue = kept.get("kueue.x-k8s.io/v1beta1", "LocalQueue", "queue", "team")
    assert queue is not None
    kept.apply({**queue, "spec": {"clusterQueue": "other"}})
    kept.delete("v1", "Namespace", "team")
    refreshed = stack.refresh()
    assert (refreshed["update"], refreshed["delete"]) == (1, 1)
    again = stack.up(objects)
    assert again["create"] == 1
    put_right = kept.get("kueue.x-k8s.io/v1beta1", "LocalQueue", "queue", "team")
    assert put_right is not None and put_right["spec"] == {"clusterQueue": "pool"}


def test_a_taken_name_is_refused_in_one_line(stack: BareStack, kept: Stored) -> None:
    kept.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    said = stack.failure(objects)
    assert "AlreadyExists: Namespace team exists already" in said
    assert "Traceback" not in said


def test_an_object_that_does_not_fit_its_schema_is_refused(stack: BareStack) -> None:
    def program() -> None:
        spec: Any = {"template": {"spec": {"containers": [{"name": "a", "image": "b", "comand": ["c"]}]}}}
        k8s.batch.v1.Job("fit", spec=spec, opts=options())

    assert "TD661" in stack.failure(program)


def test_what_cannot_change_is_made_anew_and_the_old_one_goes_first(stack: BareStack) -> None:
    def program(data: str) -> None:
        metadata: Any = {"name": "settings", "namespace": "default"}
        k8s.core.v1.ConfigMap("settings", metadata=metadata, data={"k": data}, opts=options())

    stack.up(lambda: program("1"))
    assert stack.up(lambda: program("2"))["replace"] == 1


def test_yaml_is_taken_apart(stack: BareStack, kept: Stored) -> None:
    text = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot, namespace: team}\n---\n"
    stack.up(lambda: pulumi.export("g", k8s.yaml.ConfigGroup("group", yaml=[text], opts=options()).urn))
    assert kept.get("v1", "ServiceAccount", "robot", "team") is not None


def test_a_helm_release_is_kept_as_declared_and_that_is_said(stack: BareStack, kept: Stored) -> None:
    def program() -> None:
        repository = k8s.helm.v3.RepositoryOptsArgs(repo="https://charts.invalid")
        k8s.helm.v3.Release(
            "queues", name="kueue", chart="kueue", namespace="kueue-system", version="0.14.0",
            repository_opts=repository, values={"a": 1}, opts=options(),
        )  # fmt: skip

    stack.up(program)
    assert stack.resources()["queues"]["outputs"]["__notEmulated"] == ["chart"]
    assert kept.get("helm.sh/v3", "Release", "kueue", "kueue-system") is not None
    assert stack.refresh()["same"] >= 1
    stack.destroy()
    assert kept.get("helm.sh/v3", "Release", "kueue", "kueue-system") is None
