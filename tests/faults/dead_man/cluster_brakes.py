"""The brakes that a cluster has of its own. They go by its clock, which is the machine's and cannot be moved.

So what they wait for is made short through the API where the spec would make it long, and the cell takes that long.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.e2e.workspaces import Workspace, until
from tests.faults.dead_man.brakes import Brake
from tideform.components.kubernetes.names import LABEL, EksNames
from tideform.kube import Kube
from tideform.local import client

SHORT = 15  # seconds that a job may take, where the spec gives it a lease of fifteen minutes
EXPIRES = 60  # seconds of a lease, and so of a node's life
_DRAIN = 5  # seconds that a node's drain may take then, of the pool's five minutes
_GRACE, _IDLE = 120.0, 30.0  # of the jobs' pods, and of a node without any
_BOUND = _GRACE + _IDLE
_SLACK = 30.0  # for Karpenter's own rounds
_START = 20.0  # from a job's submission to its node, at most


def _cluster(workspace: Workspace) -> tuple[Kube, str]:
    (pool,) = workspace.deployment.spec.training
    return Kube.of_kubeconfig(workspace.environ["TIDEFORM_KUBECONFIG"]), EksNames(workspace.deployment, pool).pool_id


def _deadline(workspace: Workspace, seconds: int | None) -> None:
    """Set the deadline of every job that is there; it counts from a job's start."""
    api, space = _cluster(workspace)
    for job in api.find("batch/v1", "Job", space, labels={LABEL: space}):
        api.patch("batch/v1", "Job", job["metadata"]["name"], space, {"spec": {"activeDeadlineSeconds": seconds}})


def _switch(workspace: Workspace, on: bool) -> None:
    if not on:
        _deadline(workspace, None)


def drain_shortly(workspace: Workspace) -> None:
    """Let a drain of the pool's nodes take a few seconds."""
    api, pool = _cluster(workspace)
    spec = {"template": {"spec": {"terminationGracePeriod": f"{_DRAIN}s"}}}
    api.patch("karpenter.sh/v1", "NodePool", pool, None, {"spec": spec})


def _wait(seconds: float) -> Callable[[Workspace, float], None]:
    """Until nothing runs and no job could bring more, or so much of the machine's time is over."""

    def wait(workspace: Workspace, _: float) -> None:
        over = time.monotonic() + seconds
        until(lambda: time.monotonic() > over or _quiet(workspace), "the bound", seconds=2 * seconds)

    return wait


def _quiet(workspace: Workspace) -> bool:
    if any(machine["ended"] is None for machine in client.bill(workspace.folder)["machines"]):
        return False
    api, space = _cluster(workspace)
    jobs = api.find("batch/v1", "Job", space, labels={LABEL: space})
    return all(_ended(job) for job in jobs) and not api.find("karpenter.sh/v1", "NodeClaim")


def undrained(workspace: Workspace) -> tuple[str, ...]:
    """What the reaper leaves in a cluster that it cannot get into, and must not in one that it can."""
    api, space = _cluster(workspace)
    jobs = [job for job in api.find("batch/v1", "Job", space, labels={LABEL: space}) if not _ended(job)]
    found = {"job": jobs, "node claim": api.find("karpenter.sh/v1", "NodeClaim")}
    return tuple(f"{kind} {each['metadata']['name']}" for kind, objects in found.items() for each in objects)


def _ended(job: dict[str, Any]) -> bool:
    found = job.get("status", {}).get("conditions") or []
    return any(each["type"] in ("Complete", "Failed") and each["status"] == "True" for each in found)


def _expired(workspace: Workspace) -> set[str]:
    """Machines that are older than a node may become."""
    oldest = workspace.cloud.clock() - EXPIRES - _DRAIN - _SLACK
    machines = client.bill(workspace.folder)["machines"]
    return {machine["id"] for machine in machines if machine["ended"] is None and machine["started"] < oldest}


JOB_DEADLINE = Brake(
    "job deadline",
    "bounding",
    _BOUND,
    _switch,
    begin=lambda workspace: _deadline(workspace, SHORT),
    wait=_wait(SHORT + _BOUND),
    how="The cluster's clock is the machine's and cannot be moved: the job's deadline, by its lease fifteen minutes "
    f"after its start, is set to {SHORT} seconds. The bound is {_BOUND:.0f} seconds more: a pod's two minutes, and "
    "half a minute that a node idles. Nodes expire after fifteen minutes, and so do not within a cell.",
)
NODE_EXPIRY = Brake(
    "node expiry",
    "bounding",
    _DRAIN + _SLACK,
    lambda *_: None,
    wait=_wait(EXPIRES + _DRAIN + _SLACK + _START),
    late=_expired,
    how="It bounds each node, and not the burst: a job that begins again would get another. The cluster's clock is the "
    f"machine's, so the lease is {EXPIRES} seconds, and a node's drain is set to {_DRAIN} seconds, of five minutes. "
    f"Machines count that are older than both and {_SLACK:.0f} seconds of Karpenter's own.",
)
