"""Which versions of the controllers run in a cluster, read off their images, and which of them are known to do.

What a group serves (`reaper.kubernetes_groups`) says little of the controller behind it: Kueue serves one version of
its API through six of its own. A controller that is older than the range is refused, a newer one is told and tried.
Karpenter ends with an error of its own where Kubernetes is newer than it knows:
https://karpenter.sh/docs/upgrading/compatibility/, as of its version 1.15. The lower ends of Kueue and JobSet are where
the fields that bursts use are served, the upper ends are what was tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tideform.kube import Kube

Version = tuple[int, ...]
_NAME = "app.kubernetes.io/name"
_NUMBERS = re.compile(r"^v?(\d+)\.(\d+)(?:\.(\d+))?")
_PAGE = "500"


@dataclass(frozen=True)
class Controller:
    """One of them: how its image's address ends, whatever registry or mirror is before that, and which minors do."""

    name: str
    image: str
    oldest: Version
    newest: Version


CONTROLLERS = {
    "kueue": Controller("Kueue", "kueue/kueue", (0, 14), (0, 19)),
    "jobset": Controller("JobSet", "jobset/jobset", (0, 10), (0, 12)),
    "karpenter": Controller("Karpenter", "karpenter/controller", (1, 0, 5), (1, 15)),
}
# By the minor version of Kubernetes; the last one goes for newer ones, too.
_KARPENTER: Mapping[int, Version] = {
    31: (1, 0, 5), 32: (1, 2), 33: (1, 5), 34: (1, 6), 35: (1, 9), 36: (1, 13), 37: (1, 15)
}  # fmt: skip
_KARPENTER_WITH_EFA = (1, 14)  # the first whose node class chooses a placement group
Running = Mapping[str, Version]


def running(kube: Kube) -> Running:
    """The version of each controller that says one, by its key in `CONTROLLERS`; the oldest where several run.

    Raises `KubeError`. One that runs outside of the cluster, as EKS's own does, or under another name, is not there.
    """
    selector = f"{_NAME} in ({','.join(CONTROLLERS)})"
    query = [("labelSelector", selector), ("limit", _PAGE)]
    found: dict[str, Version] = {}
    for each in kube.request("GET", "/apis/apps/v1/deployments", query=query)["items"]:
        key = str(each["metadata"]["labels"][_NAME])
        if version := _version(CONTROLLERS[key], each):
            found[key] = min(version, found.get(key, version))
    return found


def too_old(there: Running, minor: int, *, gangs: bool, adapters: bool) -> Iterator[str]:
    """What is older than bursts need, in words; ``minor`` is that of Kubernetes, ``adapters`` are EFA's. Pure."""
    for key, version in there.items():
        needed, why = _needed(key, minor, adapters)
        if version < needed and (gangs or key != "jobset"):
            name = CONTROLLERS[key].name
            yield f"{name} is {dotted(version)}, and has to be {dotted(needed)} or newer{why}"


def newer(there: Running) -> Iterator[str]:
    """What is newer than anything that was tried, in words. Pure."""
    for key, version in there.items():
        known = CONTROLLERS[key]
        if version[: len(known.newest)] > known.newest:
            yield f"{known.name} {dotted(version)} is newer than what was tried here, up to {dotted(known.newest)}"


def dotted(version: Sequence[int]) -> str:
    """``1.14`` of its numbers."""
    return ".".join(map(str, version))


def _needed(key: str, minor: int, adapters: bool) -> tuple[Version, str]:
    if key != "karpenter":
        return CONTROLLERS[key].oldest, ""
    of_kubernetes = _KARPENTER[min(max(minor, min(_KARPENTER)), max(_KARPENTER))]
    if adapters and of_kubernetes < _KARPENTER_WITH_EFA:
        return _KARPENTER_WITH_EFA, " for machines with EFA"
    return of_kubernetes, f" on Kubernetes 1.{minor}"


def _version(known: Controller, deployment: Mapping[str, Any]) -> Version | None:
    """Of its image's tag, or else of the label that charts set: a mirror's tag may say nothing."""
    for container in deployment["spec"]["template"]["spec"]["containers"]:
        address, _, tag = str(container.get("image", "")).partition("@")[0].rpartition(":")
        if address.endswith(known.image) and (found := _parsed(tag)):
            return found
    return _parsed(str(deployment["metadata"]["labels"].get("app.kubernetes.io/version", "")))


def _parsed(text: str) -> Version | None:
    found = _NUMBERS.match(text)
    return tuple(int(number) for number in found.groups() if number is not None) if found else None
