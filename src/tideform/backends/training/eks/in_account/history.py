"""Kubernetes keeps a job for an hour after its end, its pods as long as their machines: both go with the burst.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/#JobStatus
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from tideform.backends.training.eks.in_account.ending import LEASE_LABEL
from tideform.reaper import kubernetes_groups as groups
from tideform.reaper.base import Clients, Handle
from tideform.reaper.history.base import JobRecord, JobState
from tideform.reaper.kubernetes_api import Call, connect

Object = Mapping[str, Any]
_JOBS, _PODS = "/apis/batch/v1", "/api/v1"
_OF_JOB, _OF_SET = "batch.kubernetes.io/job-name", "jobset.sigs.k8s.io/jobset-name"
_HOLD = "hold-"  # how what merely keeps a node there is called
_STATES = {"Complete": JobState.SUCCEEDED, "Completed": JobState.SUCCEEDED, "Failed": JobState.FAILED}
_OUT_OF_TIME = "DeadlineExceeded"  # a job's deadline is its lease's


def jobs(
    clients: Clients,
    handle: Handle,
    since: float = 0.0,
    *,
    leases: Container[str] | None = None,
    reach: Call | None = None,
) -> list[JobRecord]:
    """The pool's jobs. ``reach`` is a way to the API that the caller has. Raises `OSError` where there is none."""
    call = reach or connect(clients, handle)
    if call is None:
        raise OSError("there is no way to the Kubernetes API")
    space = f"namespaces/{handle['namespace']}"
    pods = list(_items(call, f"{_PODS}/{space}/pods"))
    chosen = [job for job in _jobs(call, space) if leases is None or _label(job, LEASE_LABEL) in leases]
    return [one for one in (_record(job, pods) for job in chosen) if one.created >= since]


def _jobs(call: Call, space: str) -> Iterator[Object]:
    """Jobs and sets of them, without those that a set is made of and those that hold nodes."""
    sets = groups.version(groups.groups(call), groups.JOBSET)
    found = [*_items(call, f"{_JOBS}/{space}/jobs"), *(_items(call, f"/apis/{sets}/{space}/jobsets") if sets else ())]
    for job in found:
        own = _label(job, LEASE_LABEL) and not _label(job, _OF_SET)
        if own and not str(job["metadata"]["name"]).startswith(_HOLD):
            yield job


def _record(job: Object, pods: Iterable[Object]) -> JobRecord:
    metadata, end = job["metadata"], _condition(job, *_STATES)
    mine = [pod for pod in pods if metadata["name"] in (_label(pod, _OF_JOB), _label(pod, _OF_SET))]
    state = _STATES[end["type"]] if end else _open(job, mine)
    if end and end.get("reason") == _OUT_OF_TIME:
        state = JobState.STOPPED
    created = _seconds(metadata["creationTimestamp"]) or 0.0
    return JobRecord(
        id=str(metadata["uid"]),
        lease=_label(job, LEASE_LABEL),
        part=str(metadata["name"]),
        state=state,
        created=created,
        began=_seconds((job.get("status") or {}).get("startTime")) or (created if end else None),
        ended=_seconds(end.get("lastTransitionTime")) if end else None,
        exit_code=_exit_code(mine) if state is JobState.FAILED else None,
    )


def _open(job: Object, pods: Iterable[Object]) -> JobState:
    suspended = (job.get("spec") or {}).get("suspend")
    begun = any((pod.get("status") or {}).get("phase", "Pending") != "Pending" for pod in pods)
    return JobState.RUNNING if begun and not suspended else JobState.WAITING


def _exit_code(pods: Iterable[Object]) -> int | None:
    """The first that is not 0; what ended by itself comes before what the cluster has taken away."""
    for pod in sorted(pods, key=lambda each: _condition(each, "DisruptionTarget") is not None):
        for status in (pod.get("status") or {}).get("containerStatuses") or ():
            if code := int(((status.get("state") or {}).get("terminated") or {}).get("exitCode", 0)):
                return code
    return None


def _items(call: Call, path: str) -> list[Object]:
    return (call("GET", path, None) or {}).get("items") or []


def _label(found: Object, key: str) -> str:
    return str((found["metadata"].get("labels") or {}).get(key, ""))


def _condition(found: Object, *kinds: str) -> Object | None:
    conditions = (found.get("status") or {}).get("conditions") or ()
    return next((one for one in conditions if one["type"] in kinds and one.get("status") == "True"), None)


def _seconds(when: object) -> float | None:
    return datetime.fromisoformat(str(when).replace("Z", "+00:00")).timestamp() if when else None
