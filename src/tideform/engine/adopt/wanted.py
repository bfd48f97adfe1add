"""What a preview would create, as entries of a state. Pure.

The engine's events have each resource's inputs as its provider has checked them; its plan file has what depends on
what. Source: pulumi/pulumi, ``sdk/go/common/apitype`` (``ResourceV3``, ``GoalV1``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from tideform.model.planned import UNKNOWN
from tideform.state.values import UNKNOWN_SENTINEL, contains, from_engine

if TYPE_CHECKING:
    from pulumi.automation.events import EngineEvent

Entry = dict[str, Any]
_PROVIDERS = "pulumi:providers:"


def wanted(seen: Iterable[EngineEvent], plans: Mapping[str, Any]) -> list[Entry]:
    """The entries, in the order in which the program has them: what one stands on comes before it.

    ``plans`` are the engine's own, by URN (``resourcePlans`` of its plan file).
    """
    steps = [event.resource_pre_event.metadata for event in seen if event.resource_pre_event]
    made = [step.new for step in steps if step.op.value == "create" and step.new is not None]
    return [_entry(new, plans.get(new.urn, {}).get("goal") or {}) for new in made]


def in_the_cloud(entry: Mapping[str, Any]) -> bool:
    """Whether it is a thing in the cloud, and no component, provider or stack."""
    return bool(entry.get("custom")) and not str(entry["type"]).startswith("pulumi:")


def whole(entry: Mapping[str, Any]) -> bool:
    """Whether all of its inputs are known by now."""
    return not contains(from_engine(entry["inputs"]), UNKNOWN)


def known(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs without those of which anything is still to be known."""
    return {key: value for key, value in inputs.items() if not contains(from_engine({"it": value}), UNKNOWN)}


def grounded(entry: Entry, there: Collection[str]) -> Entry:
    """The entry as it may stand in a state: it depends on nothing but what is ``there``, by URN."""
    ties = {key: [urn for urn in urns if urn in there] for key, urns in entry["propertyDependencies"].items()}
    return {**entry, "dependencies": [urn for urn in entry["dependencies"] if urn in there],
            "propertyDependencies": ties}  # fmt: skip


def with_provider(entry: Entry, ids: Mapping[str, str]) -> Entry:
    """The entry with the provider that is there; ``ids`` are those of the providers, by URN."""
    urn, _, identity = entry["provider"].rpartition("::")
    return {**entry, "provider": f"{urn}::{ids.get(urn, identity)}" if urn else ""}


def provided(entry: Mapping[str, Any], ids: Mapping[str, str]) -> bool:
    """Whether the provider that it needs is there, or it needs none."""
    urn, _, identity = str(entry["provider"]).rpartition("::")
    return not urn or urn in ids or identity != UNKNOWN_SENTINEL


def is_provider(entry: Mapping[str, Any]) -> bool:
    """Whether the entry is a provider."""
    return str(entry["type"]).startswith(_PROVIDERS)


def _entry(new: Any, goal: Mapping[str, Any]) -> Entry:
    return {
        "urn": new.urn,
        "custom": bool(new.custom),
        "type": new.type,
        "inputs": dict(new.inputs or {}),
        "parent": new.parent or "",
        "provider": new.provider or "",
        "dependencies": list(goal.get("dependencies") or ()),
        "propertyDependencies": dict(goal.get("propertyDependencies") or {}),
    }
