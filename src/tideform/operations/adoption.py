"""Adopting an environment: every program in the order of what they read, in a copy of the state that is kept or not.

The copy lies in a folder of its own until somebody has seen what was found. Keeping it writes each stack whole into
the place where the state is; a run that dies in between leaves some of them, and the next one finds the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tideform.diagnostics import Diagnostic
from tideform.engine.adopt import Adoption
from tideform.model.planned import Action, Deferred, Outputs
from tideform.model.programs import programs
from tideform.operations.changing import Change
from tideform.plan.deferred import deferred_units
from tideform.state.checkpoint import FolderBlobs
from tideform.state.migrate import copy, send_stack

if TYPE_CHECKING:
    from tideform.engine.pulumi import PulumiEngine
    from tideform.model.engine import Program
    from tideform.resources.inventory import Leftover

OnPhase = Callable[[str], None]
_QUIET = (Action.NO_OP, Action.READ)


@dataclass(frozen=True)
class Adopted:
    """What was found of an environment, and what becomes of it.

    ``found`` are ids by address, ``programs`` the stacks that have them. ``to_do`` is what the next apply would do to
    them, by address; ``foreign`` has names of ours, ``beside`` carries our tags and is in no program of the spec.
    """

    found: Mapping[str, str]
    programs: tuple[Program, ...]
    to_do: Mapping[str, Action]
    foreign: tuple[Diagnostic, ...] = ()
    deferred: tuple[Deferred, ...] = ()
    beside: tuple[Leftover, ...] = ()


@dataclass(frozen=True)
class Copy:
    """A copy of the state in which everything that was found is; ``keep`` puts it into its place."""

    adopted: Adopted
    _engine: PulumiEngine
    _into: PulumiEngine

    def keep(self) -> None:
        """Write the stacks that have something new. Raises `CloudError` TD410 where one does not arrive as it was."""
        for program in self.adopted.programs:
            send_stack(self._engine.blobs, self._into.blobs, program.pulumi_project, program.stack)


@contextmanager
def adopting(change: Change, on_phase: OnPhase) -> Iterator[Copy]:
    """Look for what stands, and have it in a copy of the state for as long as the block runs.

    Raises `EngineError` for what cannot be looked up or read, `RefusedError` TD421 where a stack is another's; then
    nothing was changed.
    """
    for program in programs(change.deployment):
        change.engine.checkpoint(program)  # a stack that is another's is neither copied nor written over
    with TemporaryDirectory(prefix="tideform-adopt-") as folder:
        blobs = FolderBlobs(Path(folder))
        copy(change.engine.blobs, blobs, change.deployment)
        engine = replace(change.engine, blobs=blobs)
        yield Copy(_adopt(change, engine, on_phase), engine, change.engine)


def _adopt(change: Change, engine: PulumiEngine, on_phase: OnPhase) -> Adopted:
    """Program by program, as later ones read what earlier ones made; those that came to nothing stay as they were."""
    deferred = {unit.program: unit for unit in deferred_units(change.deployment)}
    upstream: dict[str, Outputs] = {}
    done: list[Adoption] = []
    to_do: dict[str, Action] = {}
    for program in programs(change.deployment):
        if program.key in deferred:
            continue
        on_phase(program.key)
        adoption = Adoption(engine, change.cloud, program, upstream)
        preview = adoption.run()
        upstream[program.key] = preview.outputs
        done.append(adoption)
        if engine.checkpoint(program):
            to_do |= {r.address: r.action for r in preview.resources if r.action not in _QUIET}
    return Adopted(
        found={one.address(urn): identity for one in done for urn, identity in one.adopted.items()},
        programs=tuple(one.program for one in done if one.adopted),
        to_do=to_do,
        foreign=tuple(found for one in done for found in one.foreign),
        deferred=tuple(deferred.values()),
        beside=_beside(change, engine),
    )


def _beside(change: Change, engine: PulumiEngine) -> tuple[Leftover, ...]:
    """What the services have of this environment and no stack knows by its id, its ARN or its name.

    What a living lease holds is no state's: its own end takes it away.
    """
    from tideform.burst.receipt import environment_receipt

    states = filter(None, map(engine.checkpoint, engine.existing()))
    known = {name for state in states for resource in state.resources for name in _names(resource)}
    known |= _held(change)
    return tuple(one for one in environment_receipt(change.cloud, change.deployment).leftovers if one.id not in known)


def _held(change: Change) -> set[str]:
    """The ids of all capacity of the pools that somebody holds; a pool whose record cannot be read tells of none."""
    from tideform.burst.receipt import capacity_receipt
    from tideform.burst.table import LeaseTable

    seen = LeaseTable.of(change.cloud, change.deployment).look().values()
    pools = [record.pool for record in seen if not isinstance(record, Diagnostic) and record.held]
    receipts = [capacity_receipt(change.cloud, change.deployment, pool) for pool in pools]
    return {one.id for receipt in receipts for one in receipt.leftovers}


def _names(resource: Mapping[str, Any]) -> Iterator[str]:
    """What a resource goes by, with the end of its ARN, which some services' questions give."""
    for value in (resource.get("id"), *(resource.get("outputs") or {}).values()):
        if isinstance(value, str):
            yield value
            yield value.rpartition("/")[2]
