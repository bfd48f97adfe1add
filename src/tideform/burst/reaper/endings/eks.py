"""How capacity on Kubernetes ends: Karpenter may launch no more, the queue is held, jobs and nodes go, machines by tag.

The first and the last step are AWS's, and enough. What lies between is done where the Kubernetes API can be reached,
which from a function outside of a private cluster's network it cannot: then machines go without having been drained.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tideform.burst.reaper import instances
from tideform.burst.reaper.base import Clients, Handle, Node
from tideform.burst.reaper.kubernetes_api import Call, connect

_DRAIN_SECONDS = 150.0  # for pods to save and stop, and for Karpenter to end their machines itself
LEASE_LABEL = "tideform.dev/lease"
_WORK = (
    ("/apis/trainer.kubeflow.org/v1alpha1", "trainjobs"),
    ("/apis/jobset.x-k8s.io/v1alpha2", "jobsets"),
    ("/apis/batch/v1", "jobs"),
)
_QUEUES = "/apis/kueue.x-k8s.io/v1beta1"
_CLAIMS = "/apis/karpenter.sh/v1/nodeclaims"


def stop(
    clients: Clients, handle: Handle, *, reach: Call | None = None, clock: Callable[[], float] = time.time
) -> bool:
    """One step towards nothing. ``reach`` is a way to the API that the caller has; without it one is looked for."""
    deny(clients, handle)
    call = reach or connect(clients, handle)
    drained = drain(call, handle, clock) if call else Drained.UNREACHED
    left = instances.standing(nodes(clients, handle))
    if drained != Drained.AT_IT:
        instances.end(clients, left)
    return drained in (Drained.DONE, Drained.UNREACHED) and not left


def tend(clients: Clients, handle: Handle, now: float) -> list[str]:  # noqa: ARG001  # every backend is asked alike
    """Nothing: the queue's quota bounds all nodes."""
    return []


def nodes(clients: Clients, handle: Handle) -> list[Node]:
    """The pool's instances, which Karpenter gave the pool's tags."""
    return instances.tagged(clients, handle["tags"])


def end_jobs(clients: Clients, handle: Handle, lease: str, *, reach: Call | None = None) -> None:
    """Delete the jobs of one lease; out of reach, their own deadline ends them."""
    if call := reach or connect(clients, handle):
        _delete_work(call, handle, f"{LEASE_LABEL}={lease}")


def deny(clients: Clients, handle: Handle) -> None:
    """Deny Karpenter's role to launch machines of this pool; those of other pools it may."""
    if not (role := handle.get("karpenter_role")):
        return
    iam = clients.client("iam")
    own = {f"aws:RequestTag/{key}": value for key, value in handle["tags"].items()}
    statement = {
        "Sid": "NoBurst",
        "Effect": "Deny",
        "Action": ["ec2:CreateFleet", "ec2:RunInstances"],
        "Resource": "*",
        "Condition": {"StringEquals": own},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True)
    try:
        iam.put_role_policy(RoleName=role, PolicyName=policy_name(handle), PolicyDocument=document)
    except iam.exceptions.NoSuchEntityException:
        return  # nobody is left who could launch


def permit(clients: Clients, handle: Handle) -> None:
    """Let Karpenter launch for this pool again."""
    if not (role := handle.get("karpenter_role")):
        return
    iam = clients.client("iam")
    try:
        iam.delete_role_policy(RoleName=role, PolicyName=policy_name(handle))
    except iam.exceptions.NoSuchEntityException:
        return


def denied(clients: Clients, handle: Handle) -> bool:
    """Whether Karpenter is kept from launching for this pool."""
    iam = clients.client("iam")
    try:
        iam.get_role_policy(RoleName=handle["karpenter_role"], PolicyName=policy_name(handle))
    except iam.exceptions.NoSuchEntityException:
        return False
    return True


def policy_name(handle: Handle) -> str:
    """The name of the policy that denies."""
    return f"no-burst-{handle['node_pool']}"


class Drained:
    """What became of a pool in its cluster."""

    UNREACHED = "unreached"  # the API did not answer
    AT_IT = "at it"  # jobs and nodes are going
    LATE = "late"  # they should have gone by now
    DONE = "done"


def drain(call: Call, handle: Handle, clock: Callable[[], float] = time.time) -> str:
    """Hold the queue, delete jobs and node claims; one of `Drained`."""
    try:
        hold(call, handle)
        _delete_work(call, handle)
        selector = f"labelSelector=karpenter.sh%2Fnodepool%3D{handle['node_pool']}"
        call("DELETE", f"{_CLAIMS}?{selector}&propagationPolicy=Background", None)
        claims = (call("GET", f"{_CLAIMS}?{selector}", None) or {}).get("items") or []
        working = [each for path in _paths(handle) for each in (call("GET", path, None) or {}).get("items") or []]
    except OSError:
        return Drained.UNREACHED
    if not claims and not working:
        return Drained.DONE
    since = [_deleted(each) for each in (*claims, *working)]
    return Drained.AT_IT if clock() - min(since, default=0.0) < _DRAIN_SECONDS else Drained.LATE


def hold(call: Call, handle: Handle, policy: str = "HoldAndDrain") -> None:
    """Close the pool's queue and put out whoever is in it; ``None`` opens it."""
    path = f"{_QUEUES}/namespaces/{handle['namespace']}/localqueues/{handle['queue']}"
    call("PATCH", path, {"spec": {"stopPolicy": policy}})


def _delete_work(call: Call, handle: Handle, selector: str = "") -> None:
    """All jobs, or those with a label; the pods get their grace to save what they have."""
    chosen = f"&labelSelector={selector.replace('/', '%2F').replace('=', '%3D')}" if selector else ""
    for path in _paths(handle):
        call("DELETE", f"{path}?propagationPolicy=Background{chosen}", None)


def _paths(handle: Handle) -> list[str]:
    return [f"{group}/namespaces/{handle['namespace']}/{kind}" for group, kind in _WORK]


def _deleted(found: Mapping[str, Any]) -> float:
    """When its end began, in seconds since the epoch."""
    when = found["metadata"].get("deletionTimestamp") or found["metadata"]["creationTimestamp"]
    return datetime.fromisoformat(str(when).replace("Z", "+00:00")).timestamp()
