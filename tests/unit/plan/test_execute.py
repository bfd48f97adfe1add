"""What is carried out of a stage, on an engine that takes notes."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tests.unit.plan.making import deployment
from tideform.engine.data import Doomed, HeldData
from tideform.errors import RefusedError
from tideform.model.engine import Preview, Program, Result
from tideform.model.planned import Action, Plan, PlannedResource
from tideform.model.programs import parse_key
from tideform.operations.changing import Change
from tideform.operations.execute import carry_out
from tideform.operations.pipeline import Planned

DRIFT = PlannedResource("storage", "aws:s3/bucket:Bucket", "data", Action.UPDATE, {"tags": {}}, {"tags": {"a": "b"}})


@dataclass
class Notes:
    """An engine, a held lock and a change in one: whatever is done to a stack is written down."""

    preview_now: Preview
    done: list[str] = field(default_factory=list)
    deployment: Any = field(default_factory=lambda: deployment(storage={"data": {"kind": "scratch"}}))

    @property
    def engine(self) -> Notes:
        return self

    @property
    def held(self) -> Notes:
        return self

    def check(self) -> None: ...

    def on_interrupt(self) -> None: ...

    def existing(self) -> tuple[Program, ...]:
        return (parse_key(self.deployment, "storage"),)

    def outputs(self, _program: Program) -> dict[str, Any]:
        return {}

    def preview(self, _program: Program, _upstream: Any, **_words: Any) -> Preview:
        return self.preview_now

    def refresh(self, _program: Program) -> None:
        self.done.append("refresh")

    @property
    def cloud(self) -> Any:
        return "the cloud"

    def destroy(self, _program: Program, *, targets: tuple[str, ...] = (), **_words: Any) -> Result:
        self.done.append(" ".join(("destroy", *targets)))
        return Result({}, 0)

    def up(self, _program: Program, _upstream: Any, **_words: Any) -> Result:
        self.done.append("up")
        return Result({}, 0)


@pytest.mark.parametrize(
    ("drift", "done"), [((), []), ((DRIFT,), ["refresh", "up"])], ids=["untouched", "changed-to-what-the-spec-wants"]
)
def test_a_stage_without_changes_is_left_alone_unless_its_state_tells_something_else_than_the_cloud(
    drift: tuple[PlannedResource, ...], done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tideform.operations.execute.remember_sandbox", lambda _deployment: None)
    shown = Preview((), {}, {}, drift=drift, state_digest="0" * 64)
    notes = Notes(shown)
    plan = Plan("demo", "dev", "local", "123456789012", "us-east-1", offline=False, resources=())
    carry_out(cast("Change", notes), Planned(plan, {"storage": shown}, {"storage": {}}))
    assert notes.done == done


GONE = PlannedResource("storage", "aws:s3/bucket:Bucket", "raw", Action.DELETE, {}, None, id="bucket")


@pytest.mark.parametrize("removed", [(), ("storage",)], ids=["a-store-of-a-layer", "a-whole-layer"])
@pytest.mark.parametrize(("named", "done"), [((), []), (("raw",), ["emptied", "gone"])], ids=["unnamed", "named"])
def test_data_that_came_after_the_plan_was_shown_is_not_deleted_unnamed(
    removed: tuple[str, ...], named: tuple[str, ...], done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    held = (HeldData(Doomed(GONE.type, "raw", "bucket"), "objects"),)
    shown = Preview((GONE,), {}, {}, state_digest="0" * 64)
    notes = Notes(shown)
    monkeypatch.setattr("tideform.operations.execute.remember_sandbox", lambda _deployment: None)
    monkeypatch.setattr("tideform.engine.data.held_data", lambda _cloud, _doomed: held)
    monkeypatch.setattr("tideform.engine.data.empty", lambda _cloud, _held: notes.done.append("emptied"))
    plan = Plan(
        "demo", "dev", "local", "123456789012", "us-east-1", offline=False, resources=(), removed_programs=removed
    )
    planned = Planned(plan, {"storage": shown}, {"storage": {}}, delete_data=named)
    with nullcontext() if named else pytest.raises(RefusedError):
        carry_out(cast("Change", notes), planned)
    assert [word.replace("destroy", "gone").replace("up", "gone") for word in notes.done] == done


@pytest.mark.parametrize(("key", "first"), [("training/fit", ["destroy old"]), ("storage", [])])
def test_what_a_units_new_parts_need_the_names_of_goes_before_them_and_no_store_does(
    key: str, first: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tideform.operations.execute.remember_sandbox", lambda _deployment: None)
    kind, name = "aws:cloudwatch/logGroup:LogGroup", {"name": "/logs/fit"}
    comes = PlannedResource(key, kind, "fit", Action.CREATE, None, name, urn="new")
    goes = PlannedResource(key, kind, "fit", Action.DELETE, name, None, urn="old")
    shown = Preview((comes, goes), {}, {}, state_digest="0" * 64)
    notes = Notes(shown)
    plan = Plan("demo", "dev", "local", "123456789012", "us-east-1", offline=False, resources=())
    carry_out(cast("Change", notes), Planned(plan, {key: shown}, {key: {}}))
    assert notes.done == [*first, "up"]
