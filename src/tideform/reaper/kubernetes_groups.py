"""Which versions of an API a cluster serves, and which of them are known here.

A path of a version that is not served answers 404, as that of an object that is not there does: who asks for a
version without having looked takes a whole kind for absent. Kueue 0.14 serves v1beta1 alone, 0.15 to 0.19 both,
and from 0.20 on v1beta2 alone (https://github.com/kubernetes-sigs/kueue/releases/tag/v0.20.0).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tideform.reaper.kubernetes_api import Call

KUEUE, JOBSET, TRAINER = "kueue.x-k8s.io", "jobset.x-k8s.io", "trainer.kubeflow.org"
KARPENTER, KARPENTER_AWS = "karpenter.sh", "karpenter.k8s.aws"
# The newest first; what is used of each is the same in all of them.
KNOWN: Mapping[str, tuple[str, ...]] = {
    KUEUE: ("v1beta2", "v1beta1"),
    JOBSET: ("v1alpha2",),
    TRAINER: ("v1alpha1",),
    KARPENTER: ("v1",),
    KARPENTER_AWS: ("v1",),
}
Groups = Mapping[str, Sequence[str]]


class UnservedError(OSError):
    """The cluster has an API, in no version that is known here."""


def groups(call: Call) -> Groups:
    """The API groups of a cluster with the versions of each. Raises `OSError` out of reach."""
    found = call("GET", "/apis", None) or {}
    return {each["name"]: [one["version"] for one in each["versions"]] for each in found.get("groups") or ()}


def version(there: Groups, group: str) -> str | None:
    """``kueue.x-k8s.io/v1beta2``: the newest of ``group`` that is known and served; None where it has no such group.

    Raises `UnservedError` where all that it serves is unknown.
    """
    if not (served := there.get(group)):
        return None
    for known in KNOWN[group]:
        if known in served:
            return f"{group}/{known}"
    raise UnservedError(f"the cluster serves {group} as {', '.join(served)}; known here: {', '.join(KNOWN[group])}")
