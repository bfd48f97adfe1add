"""What the sandbox's provider does with a real API server, which has every custom resource and acts on nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tideform.kube import Kube, KubeError
from tideform_sandbox.providers.aws.refusal import Refusal
from tideform_sandbox.providers.kubernetes import lifecycle, objects

GOLDEN = Path(__file__).parents[1] / "golden" / "eks" / "pool.json"
_NUMBERS = count(1)
BACKGROUND = {"pulumi.com/deletionPropagationPolicy": "background"}  # nobody collects garbage in an API server alone


@pytest.fixture
def kube(kubeconfig: Path) -> Kube:
    return Kube.of_kubeconfig(str(kubeconfig))


@pytest.fixture
def space(kube: Kube) -> str:
    name = f"provider-{next(_NUMBERS)}"
    lifecycle.create(kube, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name


def settings(space: str, **data: str) -> dict[str, Any]:
    metadata = {"name": "settings", "namespace": space, "annotations": BACKGROUND}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def test_an_object_is_made_changed_and_gone(kube: Kube, space: str) -> None:
    made = lifecycle.create(kube, settings(space, a="1", b="2"))
    identity = objects.identity(made)
    changed = lifecycle.update(kube, settings(space, a="3"), identity)
    assert changed["data"] == {"a": "3"}  # what is no longer asked for is taken away
    lifecycle.delete(kube, settings(space), identity)
    assert kube.get("v1", "ConfigMap", "settings", space) is None
    lifecycle.delete(kube, settings(space), identity)  # gone is success


def test_what_others_put_there_stays(kube: Kube, space: str) -> None:
    made = lifecycle.create(kube, settings(space, a="1"))
    kube.patch("v1", "ConfigMap", "settings", space, {"data": {"theirs": "1"}})
    assert lifecycle.update(kube, settings(space, a="2"), objects.identity(made))["data"] == {"a": "2", "theirs": "1"}


def test_a_taken_name_is_refused(kube: Kube, space: str) -> None:
    lifecycle.create(kube, settings(space))
    with pytest.raises(Refusal, match="exists already"):
        lifecycle.create(kube, settings(space))


def test_a_field_of_somebody_elses_is_not_taken(kube: Kube, space: str) -> None:
    made = lifecycle.create(kube, settings(space, a="1"))
    path = kube.kind("v1", "ConfigMap").path(space, "settings")
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "theirs"}}
    query = [("fieldManager", "somebody"), ("force", "true")]
    kube.request("PATCH", path, theirs, query=query, content_type="application/apply-patch+yaml")
    with pytest.raises(KubeError, match='conflict with "somebody"'):
        lifecycle.update(kube, settings(space, a="2"), objects.identity(made))


def test_the_api_makes_up_names(kube: Kube, space: str) -> None:
    body = settings(space)
    body["metadata"] = {"generateName": "settings-", "namespace": space}
    assert lifecycle.create(kube, body)["metadata"]["name"].startswith("settings-")


def test_a_kind_may_come_a_moment_after_its_definition(kube: Kube) -> None:
    group = f"group{next(_NUMBERS)}.example.com"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{group}"},
        "spec": {
            "group": group,
            "scope": "Cluster",
            "names": {"plural": "things", "singular": "thing", "kind": "Thing"},
            "versions": [version],
        },
    }
    lifecycle.create(kube, definition)
    thing = {"apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": "one"}, "spec": {"a": 1}}
    assert lifecycle.create(kube, thing)["spec"] == {"a": 1}


def pool() -> Iterator[dict[str, Any]]:
    """The golden pool's objects, the namespace first."""
    found: list[dict[str, Any]] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    yield from sorted(found, key=lambda each: each["kind"] != "Namespace")


def test_the_real_definitions_take_a_pool_as_it_is_and_give_it_back_unchanged(kube: Kube) -> None:
    for wanted in pool():
        live = lifecycle.create(kube, wanted)
        assert objects.differences(wanted, objects.as_asked(wanted, live)) == [], wanted["kind"]


def test_a_waiting_object_is_kept_and_its_reason_told(kube: Kube, space: str) -> None:
    container = {"name": "c", "image": "i"}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [container]}}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "slow", "namespace": space},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template},
    }
    with pytest.raises(lifecycle.UnreadyError, match="its controller has not seen it yet"):
        lifecycle.create(kube, deployment, seconds=1)
    assert kube.get("apps/v1", "Deployment", "slow", space) is not None
