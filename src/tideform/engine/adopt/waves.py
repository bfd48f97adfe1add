"""One stack's adoption, wave by wave: what is found first tells the ids by which the next is found.

It works on whichever state the engine is given. A preview says what would be made; `identify` says under which id that
would stand; it is read back on a throwaway stack, and enters the state where its tags say that it is ours. Then the
next preview knows its outputs. Where nothing is left to make or to change, the engine writes down the rest itself:
a stack's outputs, and what goes with what.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tideform.diagnostics import Diagnostic
from tideform.engine.adopt.sure import NotKnownError, Sure
from tideform.engine.adopt.wanted import (
    Entry,
    grounded,
    in_the_cloud,
    is_provider,
    known,
    provided,
    whole,
    with_provider,
)
from tideform.engine.recover.identify import identify, standing
from tideform.engine.recover.ownership import has_a_mark, is_ours
from tideform.engine.recover.recovery import insert, settled, taken
from tideform.engine.recover.unread import as_seen
from tideform.model.planned import Action, Outputs, address_of

if TYPE_CHECKING:
    from tideform.cloud import Cloud
    from tideform.engine.pulumi import PulumiEngine
    from tideform.model.engine import Preview, Program


@dataclass
class Adoption:
    """The adoption of one program's resources. ``adopted`` are ids by URN, ``foreign`` names that somebody else has."""

    engine: PulumiEngine
    cloud: Cloud
    program: Program
    upstream: Mapping[str, Outputs]
    adopted: dict[str, str] = field(default_factory=dict)
    foreign: list[Diagnostic] = field(default_factory=list)
    _over: set[str] = field(default_factory=set)  # what was looked for, and does not stand or is not ours

    def run(self) -> Preview:
        """Adopt what there is; returns what an apply would do after that. Raises `EngineError`."""
        with TemporaryDirectory(prefix="tideform-adopt-") as folder:
            plan = Path(folder) / "plan.json"
            preview, unmade = self.engine.unmade(self.program, self.upstream, plan)
            while self._wave(unmade):
                preview, unmade = self.engine.unmade(self.program, self.upstream, plan)
            if self.adopted and all(r.action in (Action.NO_OP, Action.READ) for r in preview.resources):
                self.engine.up(self.program, self.upstream, plan=plan)
        return preview

    def address(self, urn: str) -> str:
        """What people call it."""
        return address_of(self.program.key, urn)

    def _wave(self, unmade: list[Entry]) -> bool:
        """Take in what can be found now; whether anything came of it."""
        state = self.engine.export_state(self.program) if self.engine.checkpoint(self.program) else _empty()
        there: list[Entry] = state["deployment"].setdefault("resources", [])
        frame = [_framed(entry) for entry in unmade if not in_the_cloud(entry) and whole(entry)]
        found = self._found(unmade, [*there, *frame])
        if not found:
            return False
        there += frame
        live = {r["urn"]: r for r in self.engine.read_back(self.program, state, found)}
        for entry in found:
            self._settle(there, entry, live.get(entry["urn"]))
        if self.adopted:  # else nothing of this stack stands, and it stays one that is not there
            self.engine.import_state(self.program, state)
        return True

    def _found(self, unmade: Iterable[Entry], there: list[Entry]) -> list[Entry]:
        """The entries under the ids at which they stand; first those of which everything is known."""
        ids = {entry["urn"]: str(entry["id"]) for entry in there if is_provider(entry)}
        open_ = [e for e in unmade if in_the_cloud(e) and e["urn"] not in self._over and provided(e, ids)]
        for some in (filter(whole, open_), open_):
            if found := [one for entry in some if (one := self._identified(entry, there)) is not None]:
                return [with_provider(entry, ids) for entry in found]
        return []

    def _identified(self, entry: Entry, there: list[Entry]) -> Entry | None:
        """The entry with its id; None where it cannot be told, or by something that is not ours."""
        inputs = Sure(entry["inputs"])
        try:
            taken_ids = standing(there, entry["type"], inputs)
            found = identify(self.cloud, entry["type"], inputs, taken_ids)
        except (NotKnownError, KeyError):
            return None
        ties = {urn for key in inputs.asked for urn in entry["propertyDependencies"].get(key, ())}
        if not has_a_mark(entry) and not ties <= {r["urn"] for r in there}:
            return None
        if found is None or found in taken_ids:
            self._over.add(entry["urn"])
            return None
        return settled({**entry, "inputs": known(entry["inputs"])}, found)

    def _settle(self, there: list[Entry], entry: Entry, live: Entry | None) -> None:
        if live is None:
            self._over.add(entry["urn"])
        elif not is_ours(entry, live):
            self._over.add(entry["urn"])
            self.foreign.append(taken(self.address(entry["urn"]), str(live["id"])))
        else:
            # What the program says nothing of is the service's own choice, and no change to be undone.
            inputs = {key: value for key, value in live["inputs"].items() if key in entry["inputs"]}
            standing = grounded(entry, {resource["urn"] for resource in there})
            insert(there, as_seen({**standing, "id": live["id"], "inputs": inputs, "outputs": live["outputs"]}))
            self.adopted[entry["urn"]] = str(live["id"])


def _framed(entry: Entry) -> Entry:
    """A stack, component or provider as a state has it; the engine gives a provider such an id, too."""
    own = {"id": str(uuid.uuid4()), "outputs": entry["inputs"]} if is_provider(entry) else {}
    return {**entry, **own, "dependencies": [], "propertyDependencies": {}}


def _empty() -> Entry:
    return {"version": 3, "deployment": {"resources": []}}
