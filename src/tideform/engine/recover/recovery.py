"""One stack's recovery: its pending operations become resources of its state, or are forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tideform.diagnostics import Diagnostic, Severity
from tideform.engine.recover.identify import identify
from tideform.errors import RefusedError

if TYPE_CHECKING:
    from tideform.cloud import Cloud
    from tideform.engine.base import Program
    from tideform.engine.pulumi import PulumiEngine

_OWNERSHIP = ("tideform:project", "tideform:environment")


def recover(engine: PulumiEngine, cloud: Cloud, program: Program) -> tuple[str, ...]:
    """Settle what a crash left pending in one stack; returns a line for each operation.

    Raises `RefusedError` where something of that name exists and is not ours: then it is not in the state.
    """
    known = engine.checkpoint(program)
    if known is None or not known.pending:
        return ()
    state = engine.export_state(program)
    deployment = state["deployment"]
    pending = deployment.pop("pending_operations", [])
    adopted = [entry for op in pending if (entry := _adoptable(cloud, op)) is not None]
    _insert(deployment["resources"], adopted)
    engine.import_state(program, state)
    touched = {op["resource"]["urn"] for op in pending} & {r["urn"] for r in deployment["resources"]}
    if touched:
        engine.refresh(program, targets=tuple(sorted(touched)))
    _refuse_foreign(engine, program, {entry["urn"] for entry in adopted})
    return tuple(_lines(engine, program, pending, {entry["urn"] for entry in adopted}))


def _adoptable(cloud: Cloud, operation: Mapping[str, Any]) -> dict[str, Any] | None:
    """The pending creation as a resource of the state, if it may exist; its true outputs come from a refresh."""
    resource = operation["resource"]
    if operation["type"] != "creating" or not resource.get("custom") or resource["type"].startswith("pulumi:"):
        return None
    found = identify(cloud, resource["type"], resource.get("inputs", {}))
    return None if found is None else {**resource, "id": found, "outputs": resource.get("inputs", {})}


def _insert(resources: list[dict[str, Any]], adopted: list[dict[str, Any]]) -> None:
    """Append what was found; where it replaces one that stands, that one is marked for deletion."""
    for entry in adopted:
        for old in resources:
            if old["urn"] == entry["urn"] and not old.get("delete"):
                if old.get("id") == entry["id"]:
                    break
                old["delete"] = True
        else:
            resources.append(entry)


def _refuse_foreign(engine: PulumiEngine, program: Program, adopted: set[str]) -> None:
    state = engine.export_state(program)
    resources = state["deployment"].get("resources", [])
    foreign = [r for r in resources if r["urn"] in adopted and not _ours(r)]
    if not foreign:
        return
    names = {r["urn"] for r in foreign}
    # It stays where it is, and out of our state: a later run must neither change nor delete it.
    state["deployment"]["resources"] = [r for r in resources if r["urn"] not in names or r.get("delete")]
    engine.import_state(program, state)
    raise RefusedError(_taken(program, r) for r in foreign)


def _ours(resource: Mapping[str, Any]) -> bool:
    wanted = resource.get("inputs", {}).get("tags") or {}
    live = resource.get("outputs", {}).get("tags")
    # Types without tags are settings of something that is ours.
    return live is None or all(live.get(key) == wanted.get(key, live.get(key)) and key in live for key in _OWNERSHIP)


def _taken(program: Program, resource: Mapping[str, Any]) -> Diagnostic:
    return Diagnostic(
        "TD421",
        Severity.ERROR,
        "A name is taken by something that is not ours",
        detail=f"{program.key}: {resource['type']} {resource['id']} exists and does not carry this project's tags.",
        fix="It was left alone. Rename the unit in the spec, or remove the other resource if it is not needed.",
    )


def _lines(engine: PulumiEngine, program: Program, pending: list[dict[str, Any]], adopted: set[str]) -> Iterator[str]:
    after = engine.checkpoint(program)
    standing = {r["urn"] for r in after.resources} if after else set()
    for operation in pending:
        urn = operation["resource"]["urn"]
        name = f"{program.key}.{urn.split('::')[-1]}"
        if urn in adopted and urn in standing:
            yield f"{name}: was being created, found and taken over"
        elif operation["type"] == "creating":
            yield f"{name}: was being created, but does not exist; forgotten"
        else:
            yield f"{name}: was {operation['type']}, read back"
