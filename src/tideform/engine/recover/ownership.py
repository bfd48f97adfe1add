"""Whether something that stands under a name of ours is ours.

Tags say so, from the creation on. What AWS gives no tags is a part of something that is ours (a bucket's policy, a
queue's rule) and shares its parent's answer, but for the few that have a name of their own: those are ours if they
point to what is ours, or, a dashboard, show nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_OWNERSHIP = ("tideform:project", "tideform:environment")
# Untagged, and under names of their own: the property that must be as we wrote it.
_POINTER = {
    "aws:kms/alias:Alias": "targetKeyId",
    "aws:cloudwatch/eventTarget:EventTarget": "arn",
}
_DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
# AWS makes it untagged along with a VPC, and its id was looked up in a VPC of ours.
_BORN_WITH_ITS_PARENT = frozenset({"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"})


def is_ours(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Whether a live resource is the one that was ``wanted``; both as entries of a state."""
    inputs, outputs = wanted.get("inputs", {}), live.get("outputs", {})
    if wanted["type"] in _BORN_WITH_ITS_PARENT:
        return True
    if pointer := _POINTER.get(wanted["type"]):
        return _same(inputs.get(pointer), outputs.get(pointer))
    if wanted["type"] == _DASHBOARD:
        return _same(inputs.get("dashboardBody"), outputs.get("dashboardBody")) or _shows_ours(inputs, outputs)
    if wanted["type"].startswith("kubernetes:"):
        return _same_labels(inputs, outputs)
    if tags := _tags(inputs.get("tags")):
        live_tags = _tags(outputs.get("tags"))
        return all(live_tags.get(key) == tags.get(key) for key in _OWNERSHIP)
    return True


def has_a_mark(wanted: Mapping[str, Any]) -> bool:
    """Whether it says itself whose it is; else it is as much ours as what it is a part of."""
    inputs, kind = wanted.get("inputs", {}), str(wanted["type"])
    return kind in (*_POINTER, _DASHBOARD) or kind.startswith("kubernetes:") or bool(_tags(inputs.get("tags")))


def _shows_ours(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> bool:
    """Whether each graph of the live dashboard is of something whose name begins as the wanted dashboard's does.

    So one of an older spec is ours, and one to which somebody has added what is not ours is left to them.
    """
    start = '"' + str(inputs.get("dashboardName", "")).rpartition("-")[0] + "-"
    found = _parsed(outputs.get("dashboardBody"))
    widgets = found.get("widgets") if isinstance(found, dict) else None
    return isinstance(widgets, list) and all(start in json.dumps(widget) for widget in widgets)


def _tags(said: Any) -> Mapping[str, Any]:
    """Most types have them as a mapping, an Auto Scaling group as a list."""
    return {tag["key"]: tag["value"] for tag in said} if isinstance(said, list) else said or {}


def _same_labels(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> bool:
    """Objects carry labels instead of tags; a Helm release has neither, and lies in a namespace of ours."""
    labels = (inputs.get("metadata") or {}).get("labels") or {}
    live = (outputs.get("metadata") or {}).get("labels") or {}
    return all(live.get(key) == value for key, value in labels.items() if key.startswith("tideform.dev/"))


def _same(one: Any, other: Any) -> bool:
    return bool(_parsed(one) == _parsed(other))


def _parsed(value: Any) -> Any:
    """A document's content: AWS gives JSON back in its own order and spacing."""
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value
