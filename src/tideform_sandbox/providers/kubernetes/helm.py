"""Helm releases: rendered where ``helm`` is at hand, and kept as they were declared otherwise.

What was rendered is applied object by object, without Helm's own record of it: `helm list` does not know of it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

from tideform_sandbox.providers.aws.refusal import Refusal
from tideform_sandbox.providers.kubernetes import lifecycle, objects
from tideform_sandbox.providers.kubernetes.places import Place

TOKEN = "kubernetes:helm.sh/v3:Release"  # noqa: S105  # a type token, nothing secret
NOT_RENDERED = "chart"
_SECONDS = 120
Object = dict[str, Any]


def release(inputs: Mapping[str, Any]) -> Object:
    """A release as an object of its own, so that it can be kept, read and listed like any other."""
    metadata = {"name": inputs["name"], "namespace": inputs.get("namespace") or "default"}
    return {"apiVersion": "helm.sh/v3", "kind": "Release", "metadata": metadata, "spec": objects.body(inputs)}


def rendered(inputs: Mapping[str, Any]) -> list[Object] | None:
    """The chart's objects; None without ``helm``. Raises `Refusal` with what Helm says."""
    helm = shutil.which("helm")
    if helm is None:
        return None
    repository = (inputs.get("repositoryOpts") or {}).get("repo")
    words = [helm, "template", inputs["name"], inputs["chart"], "--namespace", inputs.get("namespace") or "default"]
    words += ["--include-crds", "--values", "-"]
    words += ["--repo", repository] if repository else []
    words += ["--version", inputs["version"]] if inputs.get("version") else []
    given = json.dumps(inputs.get("values") or {})
    done = subprocess.run(words, input=given, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode != 0:
        raise Refusal("HelmFailed", f"helm template {inputs['chart']}: {done.stderr}")
    return decode(done.stdout, inputs.get("namespace"))


def decode(text: str, namespace: str | None = None) -> list[Object]:
    """The objects of a YAML stream; lists are taken apart, and what names no namespace gets ``namespace``."""
    from ruamel.yaml import YAML

    found: list[Object] = []
    for document in YAML(typ="safe", pure=True).load_all(text):
        each = json.loads(json.dumps(document, default=str)) if document else None
        if each is not None:
            found += each["items"] if str(each.get("kind", "")).endswith("List") and "items" in each else [each]
    return [_placed(each, namespace) for each in found]


def install(place: Place, rendered_objects: list[Object], seconds: float) -> list[Object]:
    """Apply what was rendered, definitions and namespaces first; returns what names each object."""
    first = ("Namespace", "CustomResourceDefinition", "ServiceAccount", "Secret", "ConfigMap")
    order = {kind: place for place, kind in enumerate(first)}
    for each in sorted(rendered_objects, key=lambda o: order.get(o["kind"], len(order))):
        lifecycle.create(place, each, seconds=seconds, adopt=True)
    return [_naming(each) for each in rendered_objects]


def uninstall(place: Place, names: list[Object], seconds: float) -> None:
    """Take away what was installed, the other way round."""
    for each in reversed(names):
        lifecycle.delete(place, each, objects.identity(each), seconds=seconds)


def _placed(found: Object, namespace: str | None) -> Object:
    metadata = dict(found.get("metadata") or {})
    if namespace and "namespace" not in metadata and objects.lives_in_namespace(found):
        metadata["namespace"] = namespace
    return {**found, "metadata": metadata}


def _naming(found: Object) -> Object:
    metadata = {key: found["metadata"][key] for key in ("name", "namespace") if found["metadata"].get(key)}
    return {"apiVersion": found["apiVersion"], "kind": found["kind"], "metadata": metadata}
