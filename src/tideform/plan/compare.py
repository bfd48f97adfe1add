"""Whether a stage is still what was shown: the check between a plan and its carrying out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import RefusedError
from tideform.model.changes import changes_between
from tideform.model.engine import Preview
from tideform.model.planned import SECRET, UNKNOWN, Action, PlannedResource
from tideform.resources.moved_by_bursts import by_others


def refuse_moved(shown: Preview, now: Preview) -> None:
    """Raise `RefusedError` with everything that moved between what was shown and what would be done."""
    if diagnostics := list(_differences(shown, now)):
        raise RefusedError(diagnostics)


def _differences(shown: Preview, now: Preview) -> Iterator[Diagnostic]:
    before = {_identity(r): r for r in shown.resources}
    for resource in now.resources:
        planned = before.get(_identity(resource))
        if planned is None and resource.action is not Action.NO_OP:
            yield _moved(resource.address, f"the plan did not have it, and now it would {resource.action}")
        elif planned is not None and not _allowed(planned, resource):
            yield _moved(resource.address, f"planned: {planned.action}, now: {resource.action}")
        elif planned is not None:
            yield from _values(planned, resource)


def _identity(resource: PlannedResource) -> str:
    """Two resources may have one address: what a component of another kind makes in the place of one that goes."""
    return resource.urn or resource.address


def _allowed(planned: PlannedResource, now: PlannedResource) -> bool:
    """The same action; or none, where an unknown value turned out to be what stands already."""
    return now.action is planned.action or (now.action is Action.NO_OP and planned.action is Action.UPDATE)


def _values(planned: PlannedResource, now: PlannedResource) -> Iterator[Diagnostic]:
    """What nothing is done to may be read back or not, and what bursts move is not the plan's: neither is compared."""
    if planned.action is now.action is Action.NO_OP:
        return
    for change in by_others(now.type, changes_between(planned.after or {}, now.after or {})):
        if not agrees(change.before, change.after):
            yield _moved(now.address, f"{change.path} was planned as {change.before!r} and is now {change.after!r}")


def in_the_way(shown: Preview) -> tuple[str, ...]:
    """The URNs of everything that goes, where what comes takes a name of theirs; else none.

    The engine creates before it deletes, and a name is free once what has it is gone.
    """
    going = [r for r in shown.resources if r.action is Action.DELETE]
    coming = {taken for r in shown.resources if r.action is Action.CREATE for taken in _names(r, r.after)}
    collides = any(taken in coming for r in going for taken in _names(r, r.before))
    return tuple(r.urn for r in going) if collides else ()


def _names(resource: PlannedResource, inputs: Mapping[str, Any] | None) -> set[tuple[str, str]]:
    """A resource's address, and the name that it has in the account where that is known."""
    given = (inputs or {}).get("name")
    names = {given} if isinstance(given, str) else set()
    return {(resource.type, name) for name in names | {resource.address}}


def agrees(planned: Any, now: Any) -> bool:
    """Whether a value is as planned: what was unknown may have become anything."""
    if planned is UNKNOWN or SECRET in (planned, now):
        return True
    if isinstance(planned, Mapping) and isinstance(now, Mapping):
        return all(agrees(planned.get(k), now.get(k)) for k in planned.keys() | now.keys())
    if isinstance(planned, list) and isinstance(now, list) and len(planned) == len(now):
        return all(agrees(one, other) for one, other in zip(planned, now, strict=True))
    return bool(planned == now)


def _moved(address: str, what: str) -> Diagnostic:
    return Diagnostic(
        "TD310",
        Severity.ERROR,
        "The world moved since the plan was made",
        detail=f"{address}: {what}.",
        fix="Nothing of this stage was changed. Run `tideform plan` again and look at what is different.",
    )
