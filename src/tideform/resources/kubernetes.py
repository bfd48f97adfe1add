"""Kubernetes objects: all are found, owned and removed alike; only a pool's machines cost by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tideform.resources.actions import Actions
from tideform.resources.base import PartOf, ResourceType
from tideform.resources.costs import DURING_BURSTS, FREE
from tideform.resources.identity import Inputs
from tideform.resources.moved_by_bursts import LOCAL_QUEUE

if TYPE_CHECKING:
    from tideform.cloud import Cloud

_RELEASE = "kubernetes:helm.sh/v3:Release"


def kubernetes_object(_cloud: Cloud, inputs: Inputs) -> Iterator[str]:
    """``namespace/name`` of an object, or of a Helm release; nothing where its name was the API's to give."""
    metadata = inputs.get("metadata") or {"name": inputs.get("name"), "namespace": inputs.get("namespace")}
    if metadata.get("name"):
        yield f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else str(metadata["name"])


def _by_labels(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> bool:
    """Objects carry labels instead of tags; a Helm release has neither, and lies in a namespace of ours."""
    labels = (inputs.get("metadata") or {}).get("labels") or {}
    live = (outputs.get("metadata") or {}).get("labels") or {}
    return all(live.get(key) == value for key, value in labels.items() if key.startswith("tideform.dev/"))


def any_object(token: str) -> ResourceType:
    """What holds for every object of a cluster; who may make it says the cluster and not IAM."""
    return ResourceType(
        token,
        terraform="helm_release" if token == _RELEASE else "kubernetes_manifest",
        identify=kubernetes_object,
        cost=FREE,
        inventory=PartOf("aws:eks/cluster:Cluster"),
        actions=Actions(),
        ours=_by_labels,
        marked=True,
        moved_by_bursts=LOCAL_QUEUE if token.endswith(":LocalQueue") else (),  # of whichever version of Kueue's API
    )


TYPES = (replace(any_object("kubernetes:karpenter.sh/v1:NodePool"), cost=DURING_BURSTS),)
