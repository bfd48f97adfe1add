"""When an object is ready, and how long to wait for it. Pure.

What the API gives no status that says so is ready at once; jobs are, too: they come to their end in their own time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SKIP = "pulumi.com/skipAwait"
TIMEOUT = "pulumi.com/timeoutSeconds"
_SECONDS = 600.0  # the vendor's own


def patience(inputs: Mapping[str, Any], given: float = 0.0) -> float:
    """Seconds to wait; 0: not at all. ``given`` is the resource's own ``customTimeouts``."""
    annotations = (inputs.get("metadata") or {}).get("annotations") or {}
    if annotations.get(SKIP) == "true":
        return 0.0
    try:
        return given or float(annotations.get(TIMEOUT, _SECONDS))
    except ValueError:
        return _SECONDS


def unready(found: Mapping[str, Any]) -> str:
    """Why an object is not ready; empty when it is."""
    kind, group = found["kind"], str(found["apiVersion"]).rpartition("/")[0]
    if kind in ("Deployment", "StatefulSet", "DaemonSet") and group == "apps":
        return _replicas(found)
    if kind == "CustomResourceDefinition":
        return "" if _condition(found, "Established") == "True" else "it is not established yet"
    if kind == "Namespace":
        return "" if _status(found).get("phase", "Active") == "Active" else "it is going away"
    if kind == "Pod" and not group:
        phase = _status(found).get("phase")
        return "" if phase == "Succeeded" or _condition(found, "Ready") == "True" else f"it is {phase or 'pending'}"
    if _condition(found, "Ready") in ("False", "Unknown"):
        return _says(found, "Ready")
    return ""


def _replicas(found: Mapping[str, Any]) -> str:
    """https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status"""
    status = _status(found)
    if status.get("observedGeneration", 0) < found["metadata"].get("generation", 0):
        return "its controller has not seen it yet"
    if found["kind"] == "DaemonSet":
        wanted, there = status.get("desiredNumberScheduled", 0), status.get("numberAvailable", 0)
    else:
        wanted = (found.get("spec") or {}).get("replicas", 1)
        there = min(status.get("availableReplicas", 0), status.get("updatedReplicas", 0))
    return (
        "" if there >= wanted else f"{there} of {wanted} replicas are available. {_says(found, 'Progressing')}".strip()
    )


def _status(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return found.get("status") or {}


def _condition(found: Mapping[str, Any], name: str) -> str:
    return str(_find(found, name).get("status", ""))


def _says(found: Mapping[str, Any], name: str) -> str:
    condition = _find(found, name)
    return f"{condition.get('reason', name)}: {condition.get('message', '')}".strip(": ") if condition else ""


def _find(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    conditions = _status(found).get("conditions") or []
    return next((each for each in conditions if isinstance(each, Mapping) and each.get("type") == name), {})
