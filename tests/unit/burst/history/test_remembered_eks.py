"""What a cluster remembers of jobs, before they are deleted with their burst."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from tideform.backends.training.eks.in_account.history import jobs
from tideform.reaper.base import Clients
from tideform.reaper.history.base import JobState

LEASE = {"tideform.dev/lease": "l1"}
HANDLE = {"backend": "eks", "namespace": "demo"}
NOBODY = cast(Clients, None)
WHEN = "2026-12-01T00:00:00Z"


def job(name: str = "fit-l1-0", labels: Mapping[str, str] = LEASE, **condition: Any) -> dict[str, Any]:
    conditions = [{"status": "True", "lastTransitionTime": WHEN, **condition}] if condition else []
    metadata = {"name": name, "uid": f"uid-of-{name}", "labels": dict(labels), "creationTimestamp": WHEN}
    return {"metadata": metadata, "spec": {}, "status": {"conditions": conditions}}


def pod(code: int | None, phase: str = "Failed", taken: bool = False, of: str = "fit-l1-0") -> dict[str, Any]:
    ended = [] if code is None else [{"state": {"terminated": {"exitCode": code}}}]
    conditions = [{"type": "DisruptionTarget", "status": "True"}] if taken else []
    labels = {"batch.kubernetes.io/job-name": of}
    status = {"phase": phase, "containerStatuses": ended, "conditions": conditions}
    return {"metadata": {"name": "pod", "labels": labels}, "status": status}


class Cluster:
    def __init__(
        self, *found: dict[str, Any], pods: tuple[dict[str, Any], ...] = (), sets: tuple[Any, ...] = ()
    ) -> None:
        self.answers: dict[str, Any] = {"jobs": found, "pods": pods, "jobsets": sets}

    def __call__(self, method: str, path: str, body: Any) -> dict[str, Any]:
        if path == "/apis":
            return {"groups": [{"name": "jobset.x-k8s.io", "versions": [{"version": "v1alpha2"}]}]}
        return {"items": list(self.answers[path.rpartition("/")[2]])}


@pytest.mark.parametrize(
    ("condition", "pods", "state", "code"),
    [
        ({"type": "Complete"}, (), JobState.SUCCEEDED, None),
        ({"type": "Failed", "reason": "PodFailurePolicy"}, (pod(3),), JobState.FAILED, 3),
        ({"type": "Failed", "reason": "PodFailurePolicy"}, (pod(137, taken=True), pod(3)), JobState.FAILED, 3),
        ({"type": "Failed", "reason": "DeadlineExceeded"}, (pod(143),), JobState.STOPPED, None),
        ({}, (pod(None, "Running"),), JobState.RUNNING, None),
        ({}, (pod(None, "Pending"),), JobState.WAITING, None),
    ],
)
def test_a_job_says_how_it_ended(
    condition: dict[str, Any], pods: tuple[dict[str, Any], ...], state: JobState, code: int | None
) -> None:
    (found,) = jobs(NOBODY, HANDLE, reach=Cluster(job(**condition), pods=pods))
    assert (found.lease, found.state, found.exit_code) == ("l1", state, code)


def test_a_gang_is_one_job_and_what_holds_nodes_is_none() -> None:
    member = job("gang-0", {**LEASE, "jobset.sigs.k8s.io/jobset-name": "gang"})
    cluster = Cluster(member, job("hold-l1-0"), sets=(job("gang", type="Completed"),))
    assert [found.part for found in jobs(NOBODY, HANDLE, reach=cluster)] == ["gang"]


def test_jobs_of_other_leases_are_left_out_where_some_are_asked_for() -> None:
    cluster = Cluster(job(), job("fit-l2-0", {"tideform.dev/lease": "l2"}))
    assert [found.lease for found in jobs(NOBODY, HANDLE, leases={"l2"}, reach=cluster)] == ["l2"]


def test_a_cluster_out_of_reach_has_not_said_that_nothing_ran() -> None:
    with pytest.raises(OSError, match="no way"):
        jobs(NOBODY, HANDLE)
