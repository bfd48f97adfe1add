"""Folding the engine's preview events into planned resources.

One resource can have several events: a replacement is three of them (create the new, replace, delete the old). The
order in which events come varies, so everything is sorted. Nothing here knows a provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from tideform.model.changes import changes_between
from tideform.model.planned import SECRET, Action, PlannedResource, urn_name
from tideform.resources.moved_by_bursts import by_others
from tideform.state.values import from_engine

if TYPE_CHECKING:
    from pulumi.automation.events import EngineEvent, StepEventMetadata

_STACK_TYPE = "pulumi:pulumi:Stack"
_ACTIONS = {
    "same": Action.NO_OP,
    "create": Action.CREATE,
    "update": Action.UPDATE,
    "delete": Action.DELETE,
    "replace": Action.REPLACE,
    "create-replacement": Action.REPLACE,
    "delete-replaced": Action.REPLACE,
    "import": Action.IMPORT,
    "import-replacement": Action.IMPORT,
    "read": Action.READ,
    "read-replacement": Action.READ,
}
# Which event of a replacement tells most about it: the step named "replace" has old, new, keys and diff.
_RANK = {"replace": 0, "create-replacement": 1, "delete-replaced": 2}


def planned(program: str, events: Iterable[EngineEvent]) -> tuple[PlannedResource, ...]:
    """The resources of one program's preview, sorted by address."""
    steps: dict[str, list[StepEventMetadata]] = {}
    for event in events:
        step = event.resource_pre_event.metadata if event.resource_pre_event else None
        if step is not None and step.op.value in _ACTIONS and _counts(step):
            steps.setdefault(step.urn, []).append(step)
    return tuple(sorted((_resource(program, found) for found in steps.values()), key=lambda r: r.address))


def root_outputs(events: Iterable[EngineEvent]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The stack's outputs before, and as they would be."""
    before: Mapping[str, Any] = {}
    after: Mapping[str, Any] = {}
    for event in events:
        if event.res_outputs_event and event.res_outputs_event.metadata.type == _STACK_TYPE:
            metadata = event.res_outputs_event.metadata
            before = from_engine(metadata.old.outputs or {}) if metadata.old else {}
            after = from_engine(metadata.new.outputs or {}) if metadata.new else {}
    return before, after


def drift(program: str, events: Iterable[EngineEvent]) -> tuple[PlannedResource, ...]:
    """What a refresh found changed, or gone, behind our back: the recorded inputs against those read from the cloud.

    What our own bursts have moved is left out.
    """
    found = []
    for event in events:
        step = event.res_outputs_event.metadata if event.res_outputs_event else None
        if step is None or step.op.value != "refresh" or not _counts(step):
            continue
        before, after = _inputs(step.old) or {}, _inputs(step.new)
        changes = by_others(step.type, changes_between(before, after)) if after is not None else ()
        if after is None or changes:
            action = Action.DELETE if after is None else Action.UPDATE
            name = urn_name(step.urn)
            found.append(PlannedResource(program, step.type, name, action, before, after, changes, urn=step.urn))
    return tuple(sorted(found, key=lambda r: r.address))


def not_emulated(events: Iterable[EngineEvent]) -> tuple[str, ...]:
    """Inputs that the sandbox keeps without behaviour, as ``type.input``."""
    found: set[str] = set()
    for event in events:
        step = event.res_outputs_event or event.resource_pre_event
        if step is None or step.metadata.new is None:
            continue
        names = (step.metadata.new.outputs or {}).get("__notEmulated") or ()
        found.update(f"{step.metadata.type}.{name}" for name in names)
    return tuple(sorted(found))


def _counts(step: StepEventMetadata) -> bool:
    """Whether the step is about a cloud resource, and not a component, a provider or the stack itself."""
    state = step.new or step.old
    return not step.type.startswith("pulumi:") and bool(state and state.custom)


def _resource(program: str, steps: list[StepEventMetadata]) -> PlannedResource:
    step = min(steps, key=lambda s: _RANK.get(s.op.value, 3))
    action = _ACTIONS[step.op.value]
    before = _inputs(step.old)
    after = None if action is Action.DELETE else _inputs(step.new)
    keys = tuple(step.keys or ())
    return PlannedResource(
        program=program,
        type=step.type,
        name=urn_name(step.urn),
        action=action,
        before=before,
        after=after,
        changes=_changes(step, action, before, after, keys),
        replace_keys=keys,
        delete_before_replace=_deletes_first(steps),
        protect=bool((step.new or step.old) and (step.new or step.old).protect),  # type: ignore[union-attr]
        urn=step.urn,
        id=step.old.id if step.old else "",
    )


def _inputs(state: Any) -> dict[str, Any] | None:
    return None if state is None else dict(from_engine(state.inputs or {}))


def _changes(
    step: StepEventMetadata,
    action: Action,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    keys: tuple[str, ...],
) -> tuple[Any, ...]:
    if action not in (Action.UPDATE, Action.REPLACE) or before is None or after is None:
        return ()
    # A changed secret reads the same before and after; only the engine's diff knows that it changed.
    secret = [path for path in step.diffs or () if before.get(path) is SECRET and after.get(path) is SECRET]
    return changes_between(before, after, replace_keys=keys, changed_secrets=secret)


def _deletes_first(steps: list[StepEventMetadata]) -> bool:
    order = [step.op.value for step in steps]
    if "delete-replaced" not in order or "create-replacement" not in order:
        return False
    return order.index("delete-replaced") < order.index("create-replacement")


def changed(events: Iterable[EngineEvent]) -> int:
    """How many resources an update or a removal touched."""
    for event in events:
        if event.summary_event:
            untouched = ("same", "read", "refresh")
            counts = event.summary_event.resource_changes
            return sum(n for op, n in counts.items() if str(getattr(op, "value", op)) not in untouched)
    return 0
