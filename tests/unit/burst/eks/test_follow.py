"""A job followed to its end: what is told while it waits and runs, and with which code it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tideform.backends.training.eks.follow import Follower
from tideform.errors import RefusedError
from tideform.kube import Kube, KubeError

Object = dict[str, Any]
LABELS = {"tideform.dev/lease": "0123", "batch.kubernetes.io/controller-uid": "u1"}
JOB: Object = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "fit-0123", "namespace": "demo", "uid": "u1", "labels": LABELS},
}


@dataclass
class Cluster:
    """What a cluster would answer, as a test sets it."""

    job: Object | None = field(default_factory=lambda: {**JOB, "status": {}})
    pods: list[Object] = field(default_factory=list)
    workloads: list[Object] = field(default_factory=list)
    log: str = ""
    error: KubeError | None = None
    events: list[tuple[str, Object]] = field(default_factory=list)  # whose, and what

    missing: tuple[str, ...] = ()  # kinds

    def get(self, _api_version: str, kind: str, *_which: str) -> Object | None:
        if self.error:
            raise self.error
        return None if kind in self.missing else self.job

    def find(self, _api_version: str, kind: str, *_where: str, labels: Any = None) -> list[Object]:
        return self.pods if kind == "Pod" else self.workloads

    def groups(self) -> dict[str, tuple[str, ...]]:
        return {"kueue.x-k8s.io": ("v1beta1",)}

    def request(self, *_call: str, query: Any = None) -> Object:
        (_, wanted), *_ = query
        return {"items": [each for name, each in self.events if wanted == f"involvedObject.name={name}"]}

    def text(self, _path: str, _query: Any) -> str:
        return self.log


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def follower(cluster: Cluster, told: list[str]) -> Follower:
    return Follower(lambda: cast(Kube, cluster), JOB, told.append)


def pod(phase: str, exit_code: int | None = None, name: str = "fit-0123-0-abc", **taken: str) -> Object:
    """``taken`` is why the cluster took it away: reason and message."""
    terminated = [] if exit_code is None else [{"state": {"terminated": {"exitCode": exit_code}}}]
    conditions = [{"type": "DisruptionTarget", "status": "True", **taken}] if taken else []
    metadata = {"name": name, "namespace": "demo", "labels": LABELS, "uid": f"uid-of-{name}"}
    status = {"phase": phase, "containerStatuses": terminated, "conditions": conditions}
    return {"metadata": metadata, "status": status}


def ended(kind: str, reason: str = "") -> Object:
    return {**JOB, "status": {"conditions": [{"type": kind, "status": "True", "reason": reason}]}}


def test_kueues_reason_is_told_once(cluster: Cluster, told: list[str], follower: Follower) -> None:
    held = {"type": "QuotaReserved", "status": "False", "message": "insufficient unused quota"}
    owner = {"ownerReferences": [{"uid": "u1"}]}
    cluster.workloads = [{"metadata": owner, "status": {"conditions": [held]}}]
    assert follower.look() is None
    assert follower.look() is None
    assert told == ["[tideform] fit-0123 waits: Kueue: insufficient unused quota"]


@pytest.mark.parametrize(
    "said",
    [
        "couldn't assign flavors to pod set main: insufficient quota for cpu in flavor x, "
        "previously considered podsets requests (0) + current podset request (9) > maximum capacity (4)",
        "couldn't assign flavors to pod set main: insufficient quota for cpu in flavor x, "
        "request > maximum capacity (9 > 4)",
    ],
)
def test_a_job_that_can_never_fit_is_refused_at_once(cluster: Cluster, follower: Follower, said: str) -> None:
    held = {"type": "QuotaReserved", "status": "False", "message": said}
    owner = {"ownerReferences": [{"uid": "u1"}]}
    cluster.workloads = [{"metadata": owner, "status": {"conditions": [held]}}]
    with pytest.raises(RefusedError) as refused:
        follower.look()
    assert refused.value.diagnostics[0].code == "TD669"


def test_why_no_pod_of_a_job_can_be_made_is_told(cluster: Cluster, told: list[str], follower: Follower) -> None:
    warning = {"type": "Warning", "reason": "FailedCreate", "message": "no PriorityClass with name x was found"}
    cluster.events = [("fit-0123", warning), ("another", {"type": "Warning", "message": "no"})]
    follower.look()
    assert told == ["[tideform] fit-0123 waits: FailedCreate: no PriorityClass with name x was found"]


def test_a_job_that_kueue_takes_no_notice_of_is_told_with_the_class_that_is_gone(
    cluster: Cluster, told: list[str]
) -> None:
    classed = {**JOB, "spec": {"template": {"spec": {"priorityClassName": "demo"}}}}
    follower = Follower(lambda: cast(Kube, cluster), classed, told.append)
    cluster.missing = ("PriorityClass",)
    follower.look()
    gone = "there is no PriorityClass demo, and Kueue takes no notice of a job whose class is gone"
    assert told == [f"[tideform] fit-0123 waits: {gone}"]


def test_each_line_is_handed_on_once(cluster: Cluster, told: list[str], follower: Follower) -> None:
    cluster.pods = [pod("Running")]
    cluster.log = "2026-01-01T00:00:00.1Z one\n"
    follower.look()
    cluster.log += "2026-01-01T00:00:00.2Z two\n"
    follower.look()
    assert told == ["one", "two"]


EVICTED = {"reason": "DeletionByTaintManager", "message": "the node is going"}
LOG = "2026-01-01T00:00:00.1Z one\n"


def test_a_pod_in_the_place_of_another_is_told_with_the_reason(
    cluster: Cluster, told: list[str], follower: Follower
) -> None:
    cluster.log, cluster.pods = LOG, [pod("Running")]
    follower.look()
    cluster.pods = [pod("Failed", 143, **EVICTED)]
    follower.look()
    cluster.pods = [pod("Running", name="another")]
    follower.look()
    begins = "[tideform] fit-0123 begins again: DeletionByTaintManager: the node is going"
    assert told == ["one", begins, "one"]


def test_a_pod_that_was_taken_away_and_is_still_listed_is_told_once(
    cluster: Cluster, told: list[str], follower: Follower
) -> None:
    cluster.log, cluster.pods = LOG, [pod("Running")]
    follower.look()
    cluster.pods = [pod("Failed", 143, **EVICTED), pod("Running", name="another")]
    for _ in range(3):
        follower.look()
    assert [line for line in told if "begins again" in line] == [told[1]]


def test_lines_of_a_gang_say_whose_they_are(cluster: Cluster, told: list[str]) -> None:
    gang = {"replicatedJobs": [{"template": {"spec": {"parallelism": 2}}}]}
    second = pod("Running", name="second")
    second["metadata"]["labels"] = {**LABELS, "batch.kubernetes.io/job-completion-index": "1"}
    cluster.log, cluster.pods = LOG, [second, pod("Running")]
    Follower(lambda: cast(Kube, cluster), {**JOB, "spec": gang}, told.append).look()
    assert told == ["[0] one", "[1] one"]


def test_the_exit_code_is_not_that_of_a_pod_that_was_taken_away(cluster: Cluster, follower: Follower) -> None:
    cluster.job = ended("Failed", "PodFailurePolicy")
    cluster.pods = [pod("Failed", 143, **EVICTED), pod("Failed", 7, name="another")]
    assert follower.look() == 7


def test_a_job_that_is_complete_ended_well(cluster: Cluster, follower: Follower) -> None:
    cluster.job = ended("Complete")
    assert follower.look() == 0


def test_the_exit_code_is_the_pods_own(cluster: Cluster, follower: Follower) -> None:
    cluster.job, cluster.pods = ended("Failed", "PodFailurePolicy"), [pod("Failed", 7)]
    assert follower.look() == 7


@pytest.mark.parametrize("job", [None, ended("Failed", "DeadlineExceeded")], ids=["deleted", "over its time"])
def test_a_job_without_an_exit_code_did_not_run_to_its_end(
    cluster: Cluster, follower: Follower, job: Object | None
) -> None:
    cluster.job = job
    with pytest.raises(RefusedError) as raised:
        follower.look()
    assert raised.value.diagnostics[0].code == "TD612"


def test_an_api_that_is_away_for_a_moment_ends_nothing(cluster: Cluster, follower: Follower) -> None:
    cluster.error = KubeError(503, "ServiceUnavailable", "later")
    assert follower.look() is None
    cluster.error = None
    cluster.job = ended("Complete")
    assert follower.look() == 0


def test_an_api_that_refuses_is_told(cluster: Cluster, follower: Follower) -> None:
    cluster.error = KubeError(403, "Forbidden", "jobs is forbidden")
    with pytest.raises(KubeError, match="forbidden"):
        follower.look()
