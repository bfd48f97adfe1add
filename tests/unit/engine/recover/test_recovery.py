"""What becomes of the operations that a crash left pending; the engine is played by its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from tideform.cloud import Cloud
from tideform.engine.pulumi import PulumiEngine
from tideform.engine.recover import Recovered, recover
from tideform.model.engine import Program
from tideform.state.checkpoint import Checkpoint

STORAGE = Program("storage", "p-dev", Path("stacks/storage/__main__.py"))
TAGS = {"tideform:project": "p", "tideform:environment": "dev"}


def entry(name: str, identity: str | None, **more: Any) -> dict[str, Any]:
    """A bucket's entry in a state."""
    kind = "aws:s3/bucket:Bucket"
    inputs = {"bucket": identity or name, "tags": TAGS}
    found = {"urn": f"urn:pulumi:p-dev::tideform-storage::{kind}::{name}", "type": kind, "custom": True}
    return {**found, "inputs": inputs, **({"id": identity} if identity else {}), **more}


@dataclass
class PlayedEngine:
    """A state, and what the cloud holds by id; remembers what was imported and refreshed."""

    resources: list[dict[str, Any]]
    pending: list[dict[str, Any]]
    cloud: dict[str, dict[str, Any]] = field(default_factory=dict)  # tags by id
    imported: list[dict[str, Any]] = field(default_factory=list)
    refreshed: tuple[str, ...] = ()

    def checkpoint(self, program: Program) -> Checkpoint:
        return Checkpoint(tuple(self.resources), tuple(self.pending), {})

    def export_state(self, program: Program) -> dict[str, Any]:
        return deepcopy({"deployment": {"resources": self.resources, "pending_operations": self.pending}})

    def read_back(
        self, program: Program, state: Mapping[str, Any], wanted: Sequence[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        return [{**r, "outputs": {"tags": self.cloud[r["id"]]}} for r in wanted if r["id"] in self.cloud]

    def import_state(self, program: Program, state: dict[str, Any]) -> None:
        self.imported.append(state["deployment"])

    def refresh(self, program: Program, *, targets: tuple[str, ...]) -> None:
        self.refreshed = targets

    def recovered(self) -> Recovered:
        return recover(cast(PulumiEngine, self), Cloud("us-east-1", "1"), STORAGE)

    def after(self) -> list[tuple[str, bool]]:
        """Id and deletion mark of every entry, once imported."""
        (deployment,) = self.imported
        assert "pending_operations" not in deployment
        return [(r["id"], bool(r.get("delete"))) for r in deployment["resources"]]


def creating(resource: dict[str, Any]) -> dict[str, Any]:
    return {"type": "creating", "resource": resource}


def test_a_stack_without_pending_operations_is_not_touched() -> None:
    engine = PlayedEngine([entry("a", "a-1")], [])
    assert (engine.recovered(), engine.imported) == (Recovered(), [])


def test_what_was_made_and_is_ours_enters_the_state() -> None:
    engine = PlayedEngine([entry("a", "a-1")], [creating(entry("b", None))], {"b": TAGS})
    (line,) = engine.recovered().lines
    assert line == "storage.aws_s3_bucket.b: was being created, found and taken over"
    assert engine.after() == [("a-1", False), ("b", False)]


def test_what_never_came_to_be_is_forgotten() -> None:
    engine = PlayedEngine([entry("a", "a-1")], [creating(entry("b", None))])
    assert "does not exist; forgotten" in engine.recovered().lines[0]
    assert engine.after() == [("a-1", False)]


def test_what_is_somebody_elses_stays_out_of_the_state_and_is_told() -> None:
    engine = PlayedEngine([entry("a", "a-1")], [creating(entry("b", None))], {"b": {"team": "other"}})
    assert [diagnostic.code for diagnostic in engine.recovered().foreign] == ["TD421"]
    assert engine.after() == [("a-1", False)]


def test_what_replaces_something_that_stands_takes_its_place_and_marks_it_for_deletion() -> None:
    made = {**entry("a", None), "inputs": {"bucket": "a-2", "tags": TAGS}}
    engine = PlayedEngine([entry("a", "a-1"), entry("z", "z-1")], [creating(made)], {"a-1": TAGS, "a-2": TAGS})
    engine.recovered()
    assert engine.after() == [("a-2", False), ("z-1", False), ("a-1", True)]


def test_what_replaces_something_that_was_deleted_for_it_takes_its_place_alone() -> None:
    old = entry("a", "a-1", pendingReplacement=True)
    made = {**entry("a", None), "inputs": {"bucket": "a-1", "tags": TAGS}}
    engine = PlayedEngine([old, entry("z", "z-1")], [creating(made)], {"a-1": TAGS})
    engine.recovered()
    assert engine.after() == [("a-1", False), ("z-1", False)]


def test_what_stands_already_is_not_taken_for_its_own_replacement() -> None:
    made = {**entry("a", None), "inputs": {"bucket": "a-1", "tags": TAGS}}
    engine = PlayedEngine([entry("a", "a-1")], [creating(made)], {"a-1": TAGS})
    assert "forgotten" in engine.recovered().lines[0]
    assert engine.after() == [("a-1", False)]


def test_what_was_being_changed_or_deleted_is_read_back_afterwards() -> None:
    one, other = entry("a", "a-1"), entry("b", "b-1")
    engine = PlayedEngine(
        [one, other], [{"type": "updating", "resource": one}, {"type": "deleting", "resource": other}]
    )
    assert len(engine.recovered().lines) == 2
    assert engine.refreshed == (one["urn"], other["urn"])


def test_a_stack_that_died_before_its_first_entry_is_recovered() -> None:
    engine = PlayedEngine([], [creating(entry("b", None))], {"b": TAGS})
    engine.recovered()
    assert engine.after() == [("b", False)]


FUNCTION = {
    "urn": "urn:pulumi:p-dev::tideform-storage::aws:lambda/function:Function::reaper",
    "type": "aws:lambda/function:Function",
    "custom": True,
    "inputs": {"name": "reaper", "tags": TAGS, "code": {"a.py": "new"}},
}


def test_what_no_service_gives_back_of_what_was_made_is_not_known() -> None:
    engine = PlayedEngine([], [creating(FUNCTION)], {"reaper": TAGS})
    engine.recovered()
    (found,) = engine.imported[0]["resources"]
    assert found["inputs"] == {"name": "reaper", "tags": TAGS}


def test_whether_a_change_that_was_cut_short_came_to_what_no_service_gives_back_is_not_known() -> None:
    standing = {**FUNCTION, "id": "reaper", "outputs": FUNCTION["inputs"]}
    engine = PlayedEngine([standing], [{"type": "updating", "resource": standing}], {"reaper": TAGS})
    engine.recovered()
    (found,) = engine.imported[0]["resources"]
    assert ("code" in found["inputs"], "code" in found["outputs"]) == (False, False)
