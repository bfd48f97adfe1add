"""Names that point at other parts of the spec have to find them.

Names are looked up in the file and not in the typed spec: a unit that is wrong in itself is still there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tideform.diagnostics import Diagnostic
from tideform.spec.nodes import Path
from tideform.spec.subject import Subject

_UNITS = ("storage", "training", "serving")


def references(subject: Subject) -> Iterator[Diagnostic]:
    """All references: models, inputs and outputs, triggers, drift, moves, waivers."""
    yield from _models(subject)
    yield from _jobs(subject)
    yield from _drift(subject)
    yield from _moves(subject)
    yield from _waivers(subject)


def _named(subject: Subject, section: str) -> list[str]:
    node = subject.root.child(section)
    return list(node.entries) if node else []


def _store(subject: Subject, path: Path, name: str, kinds: frozenset[str] | None = None) -> Iterator[Diagnostic]:
    stores = _named(subject, "storage")
    if name not in stores:
        yield subject.unknown("TD120", path, name, stores, "store in storage:")
    elif kinds and name in subject.spec.storage and subject.spec.storage[name].kind not in kinds:
        found, wanted = subject.spec.storage[name].kind, " or ".join(sorted(kinds))
        fitting = [s for s, store in subject.spec.storage.items() if store.kind in kinds]
        fix = f"Use {' or '.join(fitting)}." if fitting else f"Add a store of kind {wanted} to storage:."
        yield subject.problem("TD121", path, f"{name!r} is of kind {found}; {wanted} is needed here.", fix=fix)


def _models(subject: Subject) -> Iterator[Diagnostic]:
    for name, endpoint in subject.spec.serving.items():
        path = ("serving", name, "model", "from")
        yield from _store(subject, path, endpoint.model.from_, frozenset({"models"}))


def _jobs(subject: Subject) -> Iterator[Diagnostic]:
    for name, pool in subject.spec.training.items():
        for key, stores in (("inputs", pool.job.inputs), ("outputs", pool.job.outputs)):
            for index, store in enumerate(stores):
                yield from _store(subject, ("training", name, "job", key, index), store)
        if pool.trigger is not None:
            yield from _store(subject, ("training", name, "trigger", "store"), pool.trigger.store)


def _drift(subject: Subject) -> Iterator[Diagnostic]:
    drift = subject.spec.monitoring.drift
    if drift is None:
        return
    path = ("monitoring", "drift")
    endpoints, pools = _named(subject, "serving"), _named(subject, "training")
    if drift.endpoint not in endpoints:
        what = "endpoint in serving:"
        yield subject.unknown("TD122", (*path, "endpoint"), drift.endpoint, endpoints, what)
    yield from _store(subject, (*path, "baseline"), drift.baseline, frozenset({"dataset"}))
    if drift.retrain is not None and drift.retrain not in pools:
        yield subject.unknown("TD123", (*path, "retrain"), drift.retrain, pools, "pool in training:")


def _moves(subject: Subject) -> Iterator[Diagnostic]:
    units = [f"{section}.{name}" for section in _UNITS for name in _named(subject, section)]
    onward = {moved.from_: moved.to for moved in subject.spec.moved}
    for index, moved in enumerate(subject.spec.moved):
        path = ("moved", index)
        if _end(onward, moved.to) not in units:
            yield subject.unknown("TD124", (*path, "to"), moved.to, units, "unit or store of this spec")
        elif moved.from_ in units:
            detail = f"{moved.from_!r} is still in the spec, so it did not move."
            yield subject.problem("TD124", (*path, "from"), detail, fix="Remove the one or the other.")
        elif not re.fullmatch(rf"{moved.to.split('.')[0]}\.[a-z0-9-]+", moved.from_):
            detail = f"{moved.from_!r} was no unit like {moved.to!r}; only a name can change."
            yield subject.problem("TD124", (*path, "from"), detail, fix="Write SECTION.NAME on both sides.")
    yield from _twice(subject)


def _end(onward: Mapping[str, str], name: str) -> str:
    """Where a chain of moves ends; a circle ends nowhere."""
    for _ in onward:
        name = onward.get(name, name)
    return "" if name in onward else name


def _twice(subject: Subject) -> Iterator[Diagnostic]:
    for key in ("from_", "to"):
        seen: set[str] = set()
        for index, moved in enumerate(subject.spec.moved):
            name = getattr(moved, key)
            if name in seen:
                detail = f"{name!r} moves twice; only one of the moves can be meant."
                fix = "Keep the move that happened, and remove the other."
                yield subject.problem("TD124", ("moved", index, key.rstrip("_")), detail, fix=fix)
            seen.add(name)


def _waivers(subject: Subject) -> Iterator[Diagnostic]:
    known = {name for section in _UNITS for name in _named(subject, section)}
    for index, waiver in enumerate(subject.spec.compliance.waivers):
        if waiver.resource == "*" or any(name in waiver.resource for name in known):
            continue
        path = ("compliance", "waivers", index, "resource")
        found = subject.unknown("TD125", path, waiver.resource, known, "unit or store of this spec")
        yield subject.as_warning(found)
