"""What the pods of one job print, each line once, and which of them took the place of one that was taken away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tideform.backends.training.eks.objects import Object, condition, label, reason
from tideform.burst.runner import OnLog
from tideform.kube import Kube, KubeError

_STARTED = ("Running", "Succeeded", "Failed")


@dataclass
class Prints:
    """Of the job ``name``; where it has ``several`` nodes, each line says whose it is."""

    kube: Callable[[], Kube]
    name: str
    several: bool
    on_log: OnLog
    _read: dict[str, str] = field(default_factory=dict, init=False)  # the time of the last line of each pod, by uid
    _pods: dict[str, Object] = field(default_factory=dict, init=False)  # as each was last seen, the oldest first

    def look(self, pods: list[Object]) -> None:
        """Hand on what is new since the last look; of one rank, the oldest pod comes first."""
        for pod in pods:
            if pod.get("status", {}).get("phase") in _STARTED:
                prefix = f"[{rank_of(pod)}] " if self.several else ""
                self._tell_another(pod, prefix)
                self._lines(pod, prefix)

    def _tell_another(self, pod: Object, prefix: str) -> None:
        """A pod in the place of another prints all over again what the job prints: say why."""
        before = [known for known in self._pods.values() if rank_of(known) == rank_of(pod)]
        if before and _uid(pod) not in self._pods:
            why = taken_away(before[-1]) or "its pod was taken away"
            self.on_log(f"{prefix}[tideform] {self.name} begins again: {why}")
        self._pods[_uid(pod)] = pod

    def _lines(self, pod: Object, prefix: str) -> None:
        """One without a log yet, or without one any more, has no lines."""
        metadata, last = pod["metadata"], self._read.get(_uid(pod), "")
        query = [("timestamps", "true"), *([("sinceTime", f"{last[:19]}Z")] if last else [])]
        try:
            text = self.kube().text(f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/log", query)
        except KubeError:
            return
        for line in text.splitlines():
            when, _, said = line.partition(" ")
            if when > last:
                self.on_log(prefix + said)
                self._read[_uid(pod)] = when


def rank_of(pod: Object) -> int:
    """Its place in the job, from 0."""
    return int(label(pod, "batch.kubernetes.io/job-completion-index") or 0)


def taken_away(pod: Object) -> str | None:
    """Why the cluster took the pod away, in its words: a lost node, an eviction. None where it ended by itself.

    https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions
    """
    taken = condition(pod, "DisruptionTarget")
    return None if taken is None else reason(taken)


def _uid(pod: Object) -> str:
    return str(pod["metadata"].get("uid") or pod["metadata"]["name"])
