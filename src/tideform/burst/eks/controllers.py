"""Whether a cluster has what bursts on it need, each in a version that is known here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tideform.burst.eks.access import Access, kube_errors, unfit
from tideform.burst.reaper import kubernetes_groups as groups
from tideform.burst.reaper.kubernetes_groups import Groups, UnservedError
from tideform.spec.training import Pool

# Pod failure policies and indexed jobs are stable from 1.31 on; the newest is what the tests' control plane is.
_OLDEST, _NEWEST = 31, 36
_DONE_BY = {
    groups.KUEUE: "Kueue lets jobs in, from 0.14 on",
    groups.JOBSET: "JobSet runs jobs of several nodes, from 0.10 on",
    groups.KARPENTER: "Karpenter brings nodes, from 1.0 on",
    groups.KARPENTER_AWS: "Karpenter's provider for AWS brings nodes, from 1.0 on",
}


def require_controllers(access: Access, pool: Pool) -> None:
    """Raise `RefusedError` TD665 with all that a pool's bursts lack. Raises `CloudError` TD664 out of reach."""
    with kube_errors("the cluster's controllers were looked at"):
        there, version = access.kube.groups(), access.kube.request("GET", "/version")
    if lacking := list(lacks(there, version, gangs=pool.job.nodes > 1)):
        raise unfit("; ".join(lacking))


def lacks(there: Groups, version: Mapping[str, Any], *, gangs: bool) -> Iterator[str]:
    """What does not fit, in words. Pure: ``version`` is what the API says of itself."""
    minor = int(re.match(r"[0-9]*", str(version.get("minor", "")))[0] or 0)  # type: ignore[index]  # matches anything
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
