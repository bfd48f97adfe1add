"""A project with one pool on an existing cluster, and what another manager does to its objects there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.e2e.workspaces import Workspace
from tideform.kube import Kube

KUEUE = "kueue.x-k8s.io/v1beta2"
SPEC = """\
version: 1
project: {project}
owner: ml@example.com
region: us-east-1
environments: {{dev: {{target: local}}}}
cluster: {{existing: test{cluster}}}
training:
  fit:
    backend: eks
    instance_types: [g5.12xlarge]
    nodes: 1..2
    lease: 1h
    job: {{image: trainer, command: [sleep, "3"]}}
"""


def spec_of(project: str, cluster: str = "") -> str:
    """The spec; ``cluster`` is what it says of the cluster besides."""
    return SPEC.format(project=project, cluster=cluster)


def edited(api: Kube, body: dict[str, Any], manager: str) -> None:
    """Fields of an object as ``manager`` wants them, whoever had them."""
    path = api.kind(body["apiVersion"], body["kind"]).path(None, body["metadata"]["name"])
    query = [("fieldManager", manager), ("force", "true")]
    api.request("PATCH", path, body, query=query, content_type="application/apply-patch+yaml")


def with_quota(api: Kube, queue: str, cpu: str) -> dict[str, Any]:
    """The cluster queue as it is, with another quota of CPUs, as somebody would apply it."""
    found = api.get(KUEUE, "ClusterQueue", queue)
    assert found is not None
    (group,) = found["spec"]["resourceGroups"]
    for resource in group["flavors"][0]["resources"]:
        if resource["name"] == "cpu":
            resource["nominalQuota"] = cpu
    return {
        "apiVersion": KUEUE,
        "kind": "ClusterQueue",
        "metadata": {"name": queue},
        "spec": {"resourceGroups": [group]},
    }


def quota(api: Kube, queue: str) -> str:
    """How many CPUs the queue lets in."""
    found = api.get(KUEUE, "ClusterQueue", queue)
    assert found is not None
    resources = found["spec"]["resourceGroups"][0]["flavors"][0]["resources"]
    return str(next(each["nominalQuota"] for each in resources if each["name"] == "cpu"))


def leases(project: Workspace) -> list[Any]:
    """What the lease table holds of the pool."""
    told = json.loads(project.run("burst", "status", "--json").stdout)
    return list(told["pools"][0]["leases"])


def with_user(kubeconfig: Path, folder: Path, user: dict[str, Any], server: str | None = None) -> Path:
    """A copy of a kubeconfig whose context has another user, or another address."""
    content = json.loads(kubeconfig.read_text(encoding="utf-8"))
    content["users"][0]["user"] = user
    if server is not None:
        content["clusters"][0]["cluster"]["server"] = server
    made = folder / "kubeconfig"
    made.write_text(json.dumps(content), encoding="utf-8")
    return made
