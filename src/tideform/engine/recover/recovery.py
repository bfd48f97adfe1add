"""One stack's recovery: its pending operations become resources of its state, or are forgotten.

The state is changed once, at the end. Whatever was being created is looked up and read on a throwaway stack first, so
that a second crash in here finds the pending operations as the first one left them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tideform.diagnostics import Diagnostic, Severity
from tideform.engine.recover.identify import before_read, identify, standing
from tideform.engine.recover.ownership import is_ours
from tideform.engine.recover.unread import as_seen
from tideform.model.planned import address_of

if TYPE_CHECKING:
    from tideform.cloud import Cloud
    from tideform.engine.pulumi import PulumiEngine
    from tideform.model.engine import Program

Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Recovered:
    """What became of one stack's pending operations: a line each, and the names that somebody else has."""

    lines: tuple[str, ...] = ()
    foreign: tuple[Diagnostic, ...] = ()


@dataclass
class _Recovery:
    engine: PulumiEngine
    cloud: Cloud
    program: Program
    state: dict[str, Any]  # an export, changed in place
    lines: list[str] = field(default_factory=list)
    foreign: list[Diagnostic] = field(default_factory=list)

    @property
    def resources(self) -> list[dict[str, Any]]:
        """The entries of the state."""
        return self.state["deployment"].setdefault("resources", [])  # type: ignore[no-any-return]

    def settle(self, pending: list[dict[str, Any]]) -> list[str]:
        """Bring the state's resources up to date; returns the URNs that want to be read back afterwards."""
        created = [op["resource"] for op in pending if op["type"] == "creating" and _in_the_cloud(op["resource"])]
        candidates = [found for resource in created if (found := self._candidate(resource)) is not None]
        live = {r["urn"]: r for r in self.engine.read_back(self.program, self.state, candidates)}
        for resource in created:
            self._settle_created(resource, live.get(resource["urn"]))
        others = [op for op in pending if op["type"] in ("updating", "deleting")]
        self.lines += [f"{self._name(op['resource'])}: was {op['type']}, read back" for op in others]
        changed = {op["resource"]["urn"] for op in others if op["type"] == "updating"}
        self.resources[:] = [as_seen(r) if r["urn"] in changed else r for r in self.resources]
        standing = {resource["urn"] for resource in self.resources}
        return sorted({op["resource"]["urn"] for op in others} & standing)

    def _candidate(self, resource: Resource) -> dict[str, Any] | None:
        token, inputs = resource["type"], resource.get("inputs", {})
        known = standing((r for r in self.resources if not _gone_already(r)), token, inputs)
        found = identify(self.cloud, token, inputs, known)
        return None if found is None or found in known else settled(resource, found)

    def _settle_created(self, resource: Resource, live: Resource | None) -> None:
        if live is None:
            self.lines.append(f"{self._name(resource)}: was being created, but does not exist; forgotten")
        elif not is_ours(resource, live):
            # It stays where it is, and out of our state: no later run must change or delete it.
            self.foreign.append(taken(self._name(resource), live["id"]))
        else:
            found = {**settled(resource, live["id"]), "inputs": live["inputs"], "outputs": live["outputs"]}
            insert(self.resources, as_seen(found))
            self.lines.append(f"{self._name(resource)}: was being created, found and taken over")

    def _name(self, resource: Resource) -> str:
        return address_of(self.program.key, resource["urn"])


def recover(engine: PulumiEngine, cloud: Cloud, program: Program) -> Recovered:
    """Settle what a crash left pending in one stack.

    Raises `EngineError` for what cannot be looked up or read; then nothing was changed.
    """
    known = engine.checkpoint(program)
    if known is None or not known.pending:
        return Recovered()
    state = engine.export_state(program)
    recovery = _Recovery(engine, cloud, program, state)
    unread = recovery.settle(state["deployment"].pop("pending_operations", []))
    engine.import_state(program, state)
    if unread:
        engine.refresh(program, targets=tuple(unread))
    return Recovered(tuple(recovery.lines), tuple(recovery.foreign))


def _in_the_cloud(resource: Resource) -> bool:
    return bool(resource.get("custom")) and not resource["type"].startswith("pulumi:")


def _gone_already(resource: Resource) -> bool:
    """Whether it was deleted to make room for its replacement; the engine keeps the entry until that stands."""
    return bool(resource.get("pendingReplacement"))


def settled(resource: Resource, identity: str) -> dict[str, Any]:
    """An entry that stands under this id, as far as one knows before it is read back."""
    outputs = before_read(resource["type"], resource.get("inputs", {}), identity)
    return {**resource, "id": identity, "outputs": outputs}


def taken(address: str, identity: str) -> Diagnostic:
    """What is told of a name of ours that somebody else has."""
    return Diagnostic(
        "TD421",
        Severity.ERROR,
        "A name is taken by something that is not ours",
        detail=f"{address}: {identity} exists and does not carry this project's tags.",
        fix="It was left alone. Rename the unit in the spec, or remove the other resource if it is not needed.",
    )


def insert(resources: list[dict[str, Any]], entry: dict[str, Any]) -> None:
    """Into the place of the one that it replaces, as others there may depend on it; else at the end."""
    for place, old in enumerate(resources):
        if old["urn"] == entry["urn"] and not old.get("delete"):
            resources[place] = entry
            if not _gone_already(old):
                resources.append({**old, "delete": True})
            return
    resources.append(entry)
