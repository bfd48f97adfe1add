"""Whether a cluster has what bursts on it need, each in a version that is known here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tideform.backends.training.eks import installed
from tideform.backends.training.eks.access import Access, kube_errors, unfit
from tideform.components.kubernetes.efa import wants_adapters
from tideform.kube import Kube, KubeError
from tideform.reaper import kubernetes_groups as groups
from tideform.reaper.kubernetes_groups import Groups, UnservedError
from tideform.spec.training import Pool

# Pod failure policies and indexed jobs are stable from 1.31 on; the newest is what the tests' control plane is.
_OLDEST, _NEWEST = 31, 36
_DONE_BY = {
    groups.KUEUE: "Kueue lets jobs in, from 0.14 on",
    groups.JOBSET: "JobSet runs jobs of several nodes, from 0.10 on",
    groups.KARPENTER: "Karpenter brings nodes, from 1.0 on",
    groups.KARPENTER_AWS: "Karpenter's provider for AWS brings nodes, from 1.0 on",
}


@dataclass(frozen=True)
class Found:
    """What a look at the controllers came to, in words; ``lacking`` ends a burst before it begins."""

    lacking: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def require_controllers(access: Access, pool: Pool, nodes: int) -> tuple[str, ...]:
    """What is to be said of them, for a job of ``nodes`` machines.

    Raises `RefusedError` TD665 with all that lacks, `CloudError` TD664 out of reach.
    """
    with kube_errors("the cluster's controllers were looked at"):
        found = look(access.kube, gangs=nodes > 1, adapters=wants_adapters(pool))
    if found.lacking:
        raise unfit("; ".join(found.lacking), existing=access.existing is not None)
    return found.remarks


def look(kube: Kube, *, gangs: bool, adapters: bool) -> Found:
    """At what the API serves and at what runs there, for jobs of several machines and with EFA's adapters or without.

    Raises `KubeError` out of reach.
    """
    there, version = kube.groups(), kube.request("GET", "/version")
    lacking = tuple(lacks(there, version, gangs=gangs))
    try:
        running = installed.running(kube)
    except KubeError as error:
        if error.status != 403:
            raise
        return Found(lacking, (f"which versions of its controllers run cannot be read: {error.message}",))
    old = installed.too_old(running, _minor(version), gangs=gangs, adapters=adapters)
    return Found((*lacking, *old), tuple(installed.newer(running)))


def lacks(there: Groups, version: Mapping[str, Any], *, gangs: bool) -> Iterator[str]:
    """What does not fit, in words. Pure: ``version`` is what the API says of itself."""
    minor = _minor(version)
    if minor < _OLDEST:
        yield f"Kubernetes is 1.{minor}, and has to be 1.{_OLDEST} or newer (tested up to 1.{_NEWEST})"
    for group, what in _DONE_BY.items():
        if group == groups.JOBSET and not gangs:
            continue
        try:
            if groups.version(there, group) is None:
                yield f"there is no {group} ({what})"
        except UnservedError as unknown:
            yield str(unknown)


def _minor(version: Mapping[str, Any]) -> int:
    """EKS writes ``36+``."""
    return int(re.match(r"[0-9]*", str(version.get("minor", "")))[0] or 0)  # type: ignore[index]  # matches anything
