"""How capacity on Kubernetes ends: Karpenter may launch no more, the queue is held, jobs and nodes go, machines by tag.

The first and the last step are AWS's, and enough. What lies between is done where the Kubernetes API can be reached,
which from a function outside of a private cluster's network it cannot: then machines go without having been drained.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from tideform.reaper import instances, longest
from tideform.reaper import kubernetes_groups as groups
from tideform.reaper.base import Clients, Handle, Node
from tideform.reaper.kubernetes_api import Call, connect
from tideform.reaper.steps import Steps
from tideform.reaper.utilisation import at_work

NEEDS = ("namespace", "node_pool", "queue")
LONGEST = longest.LONGEST
_DRAIN_SECONDS = 150.0  # for pods to save and stop, and for Karpenter to end their machines itself
_HOLD = "hold-"  # how the pods of `burst up` are called
LEASE_LABEL = "tideform.dev/lease"
_WORK = ((groups.TRAINER, "trainjobs"), (groups.JOBSET, "jobsets"))
_JOBS = "/apis/batch/v1"
_OVER = ("Succeeded", "Failed")


class State(StrEnum):
    """What became of a pool in its cluster."""

    UNREACHED = "unreached"  # the API did not answer, or refused: what is there is not known
    AT_IT = "at it"  # jobs and nodes are going
    LATE = "late"  # they should have gone by now
    DONE = "done"


@dataclass(frozen=True)
class Drained:
    """What became of a pool in its cluster; ``why`` is what the API refused, if it did."""

    state: State
    why: str = ""


@dataclass(frozen=True)
class Step:
    """One step down: what became of the pool in its cluster, and how many of its machines stood before it."""

    drained: Drained
    machines: int

    @property
    def done(self) -> bool:
        """Whether nothing is left, of what can be seen from here."""
        return self.drained.state in (State.DONE, State.UNREACHED) and not self.machines


def stop(
    clients: Clients, handle: Handle, *, reach: Call | None = None, clock: Callable[[], float] = time.time
) -> bool:
    """One step towards nothing. ``reach`` is a way to the API that the caller has; without it one is looked for."""
    return step(clients, handle, reach=reach, clock=clock).done


def step(
    clients: Clients, handle: Handle, *, reach: Call | None = None, clock: Callable[[], float] = time.time
) -> Step:
    """As `stop`, and with what came of it. Machines that should have been drained by now end without.

    They end also where Karpenter could not be denied to launch others, which raises at the end.
    """
    nowhere = Drained(State.UNREACHED, "there is no way to the API")
    with Steps() as steps:
        steps.take(lambda: deny(clients, handle))
        call = reach or steps.ask(lambda: connect(clients, handle))
        drained = steps.ask(lambda: drain(call, handle, clock)) if call else None
        left = steps.find(lambda: instances.standing(nodes(clients, handle)))
        if drained is None or drained.state != State.AT_IT:
            steps.take(lambda: instances.end(clients, left))
    return Step(drained or nowhere, len(left))


def tend(clients: Clients, handle: Handle, now: float) -> list[str]:  # noqa: ARG001  # every backend is asked alike
    """Nothing: the queue's quota bounds all nodes."""
    return []


def nodes(clients: Clients, handle: Handle) -> list[Node]:
    """The pool's instances, which Karpenter gave the pool's tags."""
    return instances.tagged(clients, handle["tags"])


def busy(clients: Clients, handle: Handle, now: float) -> bool:
    """Whether a pod of a job runs, not counting those that merely hold nodes; out of reach, whether the CPUs work.

    A machine that neither the API nor CloudWatch tells of is not taken for idle.
    """
    call = connect(clients, handle)
    with suppress(OSError):  # it does not answer, or refuses: the machines' own signal is left
        found = (call("GET", _pods(handle), None) or {}).get("items", []) if call else None
        if found is not None:
            running = [pod for pod in found if pod.get("status", {}).get("phase") == "Running"]
            return any(not str(pod["metadata"]["name"]).startswith(_HOLD) for pod in running)
    there = [node for node in nodes(clients, handle) if node.state == "running"]
    return at_work(clients, there, now, unseen=True)


def leases_of_jobs(clients: Clients, handle: Handle) -> set[str]:  # noqa: ARG001  # every backend is asked alike
    """None: the cluster is mostly out of reach, and a job has its lease's deadline in itself."""
    return set()


def end_jobs(clients: Clients, handle: Handle, lease: str, *, reach: Call | None = None) -> None:
    """Delete the jobs of one lease; out of reach, their own deadline ends them."""
    if call := reach or connect(clients, handle):
        _delete_work(call, handle, groups.groups(call), f"{LEASE_LABEL}={lease}")


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


def drain(call: Call, handle: Handle, clock: Callable[[], float] = time.time) -> Drained:
    """Hold the queue, delete jobs, pods and node claims, each whatever the others come to, and look what is left."""
    try:
        there = groups.groups(call)
    except OSError as error:
        return Drained(State.UNREACHED, str(error))
    refused: list[str] = []
    for one in (_hold_if_there, _delete_work, _delete_claims):
        try:
            one(call, handle, there)
        except OSError as error:
            refused.append(str(error))
    try:
        left = list(_left(call, handle, there))
    except OSError as error:
        return Drained(State.UNREACHED, "; ".join([*refused, str(error)]))
    if left:
        late = clock() - min(map(_deleted, left)) >= _DRAIN_SECONDS
        return Drained(State.LATE if late else State.AT_IT, "; ".join(refused))
    return Drained(State.UNREACHED if refused else State.DONE, "; ".join(refused))


def hold(call: Call, handle: Handle, policy: str = "HoldAndDrain") -> bool:
    """Close the pool's queue and put out whoever is in it; ``None`` opens it. False where there is no such queue.

    Raises `OSError` where the API refuses, and where it serves no version of Kueue that is known here.
    """
    return _hold(call, handle, groups.groups(call), policy)


def _hold_if_there(call: Call, handle: Handle, there: groups.Groups) -> None:
    _hold(call, handle, there, "HoldAndDrain")


def _hold(call: Call, handle: Handle, there: groups.Groups, policy: str) -> bool:
    version = groups.version(there, groups.KUEUE)
    if version is None:
        return False
    path = f"/apis/{version}/namespaces/{handle['namespace']}/localqueues/{handle['queue']}"
    return call("PATCH", path, {"spec": {"stopPolicy": policy}}) is not None


def _delete_work(call: Call, handle: Handle, there: groups.Groups, selector: str = "") -> None:
    """All jobs, or those with a label; the pods get their grace to save what they have.

    The pods are asked by themselves: they do not follow a job that somebody's finalizer holds.
    """
    chosen = f"&labelSelector={_quoted(selector)}" if selector else ""
    for path in _work(handle, there):
        call("DELETE", f"{path}?propagationPolicy=Background{chosen}", None)
    call("DELETE", f"{_pods(handle)}?labelSelector={_quoted(selector or _of_pool(handle))}", None)


def _delete_claims(call: Call, handle: Handle, there: groups.Groups) -> None:
    if claims := _claims(handle, there):
        call("DELETE", f"{claims}&propagationPolicy=Background", None)


def _left(call: Call, handle: Handle, there: groups.Groups) -> Iterator[Mapping[str, Any]]:
    """Jobs, pods that have not ended, and claims."""
    claims = _claims(handle, there)
    for path in [*_work(handle, there), *([claims] if claims else [])]:
        yield from _items(call, path)
    pods = _items(call, f"{_pods(handle)}?labelSelector={_quoted(_of_pool(handle))}")
    yield from (pod for pod in pods if (pod.get("status") or {}).get("phase") not in _OVER)


def _items(call: Call, path: str) -> list[Mapping[str, Any]]:
    return (call("GET", path, None) or {}).get("items") or []


def _work(handle: Handle, there: groups.Groups) -> list[str]:
    versions = [(groups.version(there, group), kind) for group, kind in _WORK]
    found = [f"/apis/{version}/namespaces/{handle['namespace']}/{kind}" for version, kind in versions if version]
    return [*found, f"{_JOBS}/namespaces/{handle['namespace']}/jobs"]


def _claims(handle: Handle, there: groups.Groups) -> str:
    version = groups.version(there, groups.KARPENTER)
    selector = _quoted(f"karpenter.sh/nodepool={handle['node_pool']}")
    return f"/apis/{version}/nodeclaims?labelSelector={selector}" if version else ""


def _pods(handle: Handle) -> str:
    return f"/api/v1/namespaces/{handle['namespace']}/pods"


def _of_pool(handle: Handle) -> str:
    return f"tideform.dev/pool={handle['namespace']}"


def _quoted(selector: str) -> str:
    return selector.replace("/", "%2F").replace("=", "%3D")


def _deleted(found: Mapping[str, Any]) -> float:
    """When its end began, in seconds since the epoch."""
    when = found["metadata"].get("deletionTimestamp") or found["metadata"]["creationTimestamp"]
    return datetime.fromisoformat(str(when).replace("Z", "+00:00")).timestamp()
