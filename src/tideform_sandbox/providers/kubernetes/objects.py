"""What an object is called, which of its fields cannot change, and what of it is ours. Pure.

The vendor's rules, so that a plan for the sandbox reads as one for a cluster:
https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from tideform_sandbox.providers.aws.compare import Change, Difference
from tideform_sandbox.providers.aws.kind import words
from tideform_sandbox.providers.aws.wire import UNKNOWN

Object = dict[str, Any]
AUTONAMED = "pulumi.com/autonamed"
# Fields that the API refuses to change, by kind; a change makes the object anew. Every kind has the first three.
_IDENTITY = ("metadata.name", "metadata.namespace", "metadata.generateName")
_IMMUTABLE: Mapping[str, tuple[str, ...]] = {
    "ConfigMap": ("data", "binaryData", "immutable"),
    "CSIDriver": ("spec.attachRequired",),
    "ClusterRoleBinding": ("roleRef",),
    "DaemonSet": ("spec.selector",),
    "Deployment": ("spec.selector",),
    "Job": ("spec.selector", "spec.template", "spec.completions", "spec.completionMode", "spec.podFailurePolicy"),
    "JobSet": ("spec.replicatedJobs", "spec.network"),
    "PersistentVolumeClaim": ("spec.accessModes", "spec.storageClassName", "spec.volumeName", "spec.selector"),
    "Pod": ("spec",),
    "PriorityClass": ("value", "preemptionPolicy", "globalDefault"),
    "RoleBinding": ("roleRef",),
    "Secret": ("type", "stringData", "data", "immutable"),
    "StatefulSet": ("spec.selector", "spec.serviceName", "spec.volumeClaimTemplates", "spec.podManagementPolicy"),
    "StorageClass": ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"),
    "LocalQueue": ("spec.clusterQueue",),
}
_CLUSTER_WIDE = words(
    "Namespace Node PersistentVolume ClusterRole ClusterRoleBinding CustomResourceDefinition PriorityClass "
    "StorageClass APIService CSIDriver CSINode IngressClass MutatingWebhookConfiguration RuntimeClass "
    "ValidatingWebhookConfiguration VolumeAttachment ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding "
    "FlowSchema PriorityLevelConfiguration "
    # of the controllers that our programs use
    "ClusterQueue ResourceFlavor WorkloadPriorityClass AdmissionCheck Cohort Topology EC2NodeClass NodePool NodeClaim "
    "ClusterTrainingRuntime"
)
_QUANTITY = re.compile(r"^([0-9]+(?:\.[0-9]*)?)(m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi)?$")
_UNITS = {
    "": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50,
}  # fmt: skip
_SERVER_METADATA = ("managedFields", "uid", "resourceVersion", "creationTimestamp", "generation", "selfLink")


def token_of(urn: str) -> str:
    """``kubernetes:batch/v1:Job`` out of a URN."""
    return urn.split("::")[2].rsplit("$", 1)[-1]


def named(urn: str, old: Mapping[str, Any], new: Mapping[str, Any], seed: bytes, namespace: str) -> Object:
    """The inputs with a name and, for objects that live in one, a namespace.

    A name that is made up is the logical one and eight random digits; it stays as long as the object does.
    """
    metadata = dict(new.get("metadata") or {})
    if "name" not in metadata and "generateName" not in metadata:
        before = old.get("metadata") or {}
        kept = before.get("name") if AUTONAMED in (before.get("annotations") or {}) else None
        metadata["name"] = kept or f"{urn.rsplit('::', 1)[-1]}-{sha256(seed).hexdigest()[:8]}"
        metadata["annotations"] = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}
    if "namespace" not in metadata and lives_in_namespace(new):
        metadata["namespace"] = namespace
    return {**new, "metadata": metadata}


def lives_in_namespace(inputs: Mapping[str, Any]) -> bool:
    """Whether a kind that Kubernetes itself has is namespaced; kinds of CRDs say their namespace themselves."""
    group = str(inputs.get("apiVersion", "")).rpartition("/")[0]
    return inputs.get("kind") not in _CLUSTER_WIDE and ("." not in group or group.endswith(".k8s.io"))


def identity(found: Mapping[str, Any]) -> str:
    """``namespace/name``, or the name alone: the vendor's id."""
    metadata = found["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else str(metadata["name"])


def parsed_identity(identity: str) -> tuple[str | None, str]:
    """Namespace and name out of an id."""
    namespace, _, name = identity.rpartition("/")
    return namespace or None, name


def body(inputs: Mapping[str, Any]) -> Object:
    """What is sent to the API."""
    return {key: value for key, value in inputs.items() if key != "status" and not key.startswith("__")}


def differences(old: Mapping[str, Any], new: Mapping[str, Any], ignore: Sequence[str] = ()) -> list[Difference]:
    """Every changed path between two sets of inputs; the order of lists counts."""
    found = _changes("", body(old), body(new))
    return [each for each in found if not any(_within(each.path, path) for path in ignore)]


def replacing(kind: str, changes: Sequence[Difference]) -> list[str]:
    """Those of the changed paths for which the object has to be made anew."""
    fixed = (*_IDENTITY, *_IMMUTABLE.get(kind, ()))
    return [each.path for each in changes if any(_within(each.path, path) for path in fixed)]


def goes_first(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether the old object's name is in the way of the new one."""
    before, after = old.get("metadata") or {}, new.get("metadata") or {}
    if "generateName" in after:
        return False
    return (before.get("namespace"), before.get("name")) == (after.get("namespace"), after.get("name"))


def as_asked(wanted: Any, live: Any) -> Any:
    """The fields that were asked for, as they are now; what others have put there is none of ours.

    The API leaves out what is empty, or false.
    """
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        return {key: as_asked(value, live.get(key, value)) for key, value in wanted.items() if key in live or not value}
    if isinstance(wanted, list) and isinstance(live, list) and len(wanted) == len(live):
        return [as_asked(*pair) for pair in zip(wanted, live, strict=True)]
    return wanted if same(wanted, live) else live


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same, quantities in whatever unit (``1000m`` is ``1``)."""
    if one == other:
        return True
    first, second = _amount(one), _amount(other)
    return first is not None and first == second


def imported(live: Mapping[str, Any]) -> Object:
    """An object as inputs, without what the API fills in."""
    metadata = {key: value for key, value in live["metadata"].items() if key not in _SERVER_METADATA}
    return {**body(live), "metadata": metadata}


def with_live(wanted: Object, live: Mapping[str, Any], ignored: Sequence[str]) -> Object:
    """The body with the ignored paths as they are in the cluster: somebody else decides about them."""
    for path in ignored:
        wanted = _put(wanted, path.split("."), live)
    return wanted


def _put(wanted: Any, path: Sequence[str], live: Any) -> Any:
    if not isinstance(wanted, Mapping) or not isinstance(live, Mapping):
        return wanted
    key, rest = path[0], path[1:]
    others = {name: value for name, value in wanted.items() if name != key}
    if key not in live:
        return others if not rest else dict(wanted)
    return {**others, key: _put(wanted.get(key, {}), rest, live[key]) if rest else live[key]}


def _changes(path: str, old: Any, new: Any) -> Iterator[Difference]:
    if new is not UNKNOWN and same(old, new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _changes(_member(path, key), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new, strict=True)):
            yield from _changes(f"{path}[{index}]", *pair)
    else:
        yield Difference(path, Change.ADD if old is None else Change.DELETE if new is None else Change.UPDATE)


def _member(path: str, key: str) -> str:
    if not key.replace("_", "").replace("-", "").isalnum():
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def _within(path: str, place: str) -> bool:
    return path == place or path.startswith((f"{place}.", f"{place}["))


def _amount(value: Any) -> float | None:
    match = _QUANTITY.match(str(value)) if isinstance(value, str | int | float) else None
    return float(match[1]) * _UNITS[match[2] or ""] if match else None
