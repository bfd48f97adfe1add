"""One job followed to its end: why it waits, what its pods print, and with which code it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tideform.backends.training.eks.fits import never_fits
from tideform.backends.training.eks.objects import Object, condition, label, reason
from tideform.backends.training.eks.prints import Prints, rank_of, taken_away
from tideform.burst.runner import OnLog
from tideform.components.kubernetes.names import LEASE_LABEL
from tideform.errors import RefusedError
from tideform.kube import Kube, KubeError
from tideform.reaper import kubernetes_groups as groups

_FAILURES = 60  # looks in a row
# What Kueue says where a job asks for more than its queue can ever have: no waiting helps.
# https://github.com/kubernetes-sigs/kueue/blob/v0.19.0/pkg/scheduler/flavorassigner/flavorassigner.go
_NEVER = "> maximum capacity"


@dataclass
class Follower:
    """A Job or JobSet that was submitted."""

    kube: Callable[[], Kube]
    submitted: Object
    on_log: OnLog
    _told: str = field(default="", init=False)
    _failed: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._prints = Prints(self.kube, self.name, _nodes(self.submitted) > 1, self.on_log)

    @property
    def name(self) -> str:
        """The job's name."""
        return str(self.submitted["metadata"]["name"])

    def look(self) -> int | None:
        """Hand on what is new; the exit code once the job is over. Raises `RefusedError` TD612 where it never ran.

        A busy API, or one that is being replaced, is asked again for a while: the job goes on without it.
        """
        try:
            code = self._look()
        except KubeError as error:
            self._failed += 1
            if self._failed > _FAILURES or not (error.status in (0, 429) or error.status >= 500):
                raise
            return None
        self._failed = 0
        return code

    def _look(self) -> int | None:
        found = self._get()
        if found is None:
            raise _not_run("it was deleted")
        pods = self.pods()
        self._prints.look(pods)
        ended = _ended(found)
        if ended is None:
            why = self.waiting(pods)
            if _NEVER in why:
                raise never_fits(self.name, why)
            self._tell(why)
            return None
        done, why = ended
        if done:
            return 0
        own_end_first = sorted(pods, key=lambda pod: taken_away(pod) is not None)  # the rest is the cluster's doing
        codes = [code for pod in own_end_first for code in _exit_codes(pod) if code]
        if not codes:
            raise _not_run(why or self.waiting(pods))
        return codes[0]

    def read(self) -> None:
        """Hand on what its pods have printed since the last time."""
        self._prints.look(self.pods())

    def waiting(self, pods: list[Object] | None = None) -> str:
        """Why the job has not begun, in Kueue's words, or the scheduler's; empty when its pods run."""
        pods = self.pods() if pods is None else pods
        if pods and all(pod.get("status", {}).get("phase") != "Pending" for pod in pods):
            return ""
        held = [text for found in self._workloads() if (text := _not_admitted(found))]
        if held:
            return "; ".join(held)
        said = [text for pod in pods for text in (*_unscheduled(pod), *self._events(pod))]
        if not pods:
            said = [text for name in self._jobs() for text in self._warnings(name)] or list(self._unnoticed())
        return "; ".join(sorted(set(said)))

    def pods(self) -> list[Object]:
        """The job's pods, in the order of their ranks; of one rank, the oldest first."""
        space, uid = self.submitted["metadata"]["namespace"], self.submitted["metadata"].get("uid")
        mine = {LEASE_LABEL: self.submitted["metadata"]["labels"][LEASE_LABEL]}
        found = self.kube().find("v1", "Pod", space, labels=mine)
        jobset = "jobset.sigs.k8s.io/jobset-name"
        chosen = [
            pod
            for pod in found
            if label(pod, jobset) == self.name
            or (label(pod, "batch.kubernetes.io/controller-uid") == uid and not label(pod, jobset))
        ]
        return sorted(chosen, key=lambda pod: (rank_of(pod), pod["metadata"].get("creationTimestamp") or ""))

    def _get(self) -> Object | None:
        made = self.submitted
        metadata = made["metadata"]
        return self.kube().get(made["apiVersion"], made["kind"], metadata["name"], metadata["namespace"])

    def _workloads(self) -> list[Object]:
        metadata = self.submitted["metadata"]
        version = groups.version(self.kube().groups(), groups.KUEUE)
        found = self.kube().find(version, "Workload", metadata["namespace"]) if version else []
        return [each for each in found if _owned_by(each, metadata.get("uid"))]

    def _events(self, pod: Object) -> Iterator[str]:
        """What Karpenter says of a pod that waits for a node."""
        said = [event for event in self._events_of(pod["metadata"]["name"]) if "karpenter" in _teller(event)]
        yield from (f"Karpenter: {event.get('message', '')}" for event in said[-1:])

    def _warnings(self, name: str) -> Iterator[str]:
        """Why the cluster makes no pods of a Job: a class of priority that is not there, a quota, a policy."""
        warned = [event for event in self._events_of(name) if event.get("type") == "Warning"]
        yield from (f"{event.get('reason', '')}: {event.get('message', '')}" for event in warned[-1:])

    def _unnoticed(self) -> Iterator[str]:
        """Kueue makes no workload for a job whose class of priority is not there, and tells its own log alone."""
        template = (self.submitted.get("spec") or {}).get("template") or {}
        for group in (self.submitted.get("spec") or {}).get("replicatedJobs") or ():
            template = group["template"]["spec"].get("template") or {}
        name = (template.get("spec") or {}).get("priorityClassName")
        try:
            gone = name and self.kube().get("scheduling.k8s.io/v1", "PriorityClass", name) is None
        except KubeError as error:
            if error.status != 403:
                raise
            return
        if gone:
            yield f"there is no PriorityClass {name}, and Kueue takes no notice of a job whose class is gone"

    def _events_of(self, name: str) -> list[Object]:
        space = self.submitted["metadata"]["namespace"]
        selector = [("fieldSelector", f"involvedObject.name={name}")]
        return list(self.kube().request("GET", f"/api/v1/namespaces/{space}/events", query=selector)["items"])

    def _jobs(self) -> list[str]:
        """The job by name, and of a gang those that it is made of."""
        groups_of = (self.submitted.get("spec") or {}).get("replicatedJobs") or ()
        return [self.name, *(f"{self.name}-{each['name']}-0" for each in groups_of)]

    def _tell(self, reason: str) -> None:
        if reason and reason != self._told:
            self.on_log(f"[tideform] {self.name} waits: {reason}")
        self._told = reason


def _teller(event: Object) -> str:
    return f"{event.get('source', {}).get('component')} {event.get('reportingComponent')}"


def _ended(found: Object) -> tuple[bool, str] | None:
    """Whether a Job or JobSet is over: well or not, and why."""
    if condition(found, "Complete", "Completed"):
        return True, ""
    if failed := condition(found, "Failed"):
        return False, reason(failed)
    return None


def _nodes(job: Object) -> int:
    """How many pods it has at once: a Job's own number, or that of a JobSet's gang."""
    spec = job.get("spec") or {}
    jobs = [each["template"]["spec"] for each in spec.get("replicatedJobs") or ()] or [spec]
    return sum(int(each.get("parallelism", 1)) for each in jobs)


def _exit_codes(pod: Object) -> Iterator[int]:
    for status in (pod.get("status") or {}).get("containerStatuses") or ():
        terminated = (status.get("state") or {}).get("terminated")
        if terminated is not None:
            yield int(terminated.get("exitCode", 0))


def _not_admitted(workload: Object) -> str:
    if condition(workload, "Admitted"):
        return ""
    found = condition(workload, "QuotaReserved", status="False") or condition(workload, "Evicted")
    return f"Kueue: {found.get('message', found.get('reason', ''))}" if found else ""


def _unscheduled(pod: Object) -> Iterator[str]:
    if found := condition(pod, "PodScheduled", status="False"):
        yield str(found.get("message", ""))


def _owned_by(found: Object, uid: Any) -> bool:
    return any(owner.get("uid") == uid for owner in found["metadata"].get("ownerReferences") or ())


def _not_run(why: str) -> Exception:
    return RefusedError.of(
        "TD612",
        "The job did not run to its end",
        detail=f"Kubernetes says: {why or 'nothing'}.",
        fix="Look at the job's image, command and time-out.",
    )
