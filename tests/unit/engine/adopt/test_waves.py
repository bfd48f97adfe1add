"""What of a program's resources enters a state that has lost them; the engine is played by its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from tideform.cloud import Cloud
from tideform.engine.adopt import Adoption
from tideform.engine.pulumi import PulumiEngine
from tideform.model.engine import Preview, Program, Result
from tideform.model.planned import Action, PlannedResource, urn_name
from tideform.state.checkpoint import Checkpoint
from tideform.state.values import UNKNOWN_SENTINEL

STORAGE = Program("storage", "p-dev", Path("stacks/storage/__main__.py"))
TAGS = {"tideform:project": "p", "tideform:environment": "dev"}
FOREIGN = {"tideform:project": "other", "tideform:environment": "dev"}
PROVIDER = "urn:pulumi:p-dev::tideform-storage::pulumi:providers:aws::aws"
ROOT = "urn:pulumi:p-dev::tideform-storage::pulumi:pulumi:Stack::root"


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:p-dev::tideform-storage::{kind}::{name}"


def entry(kind: str, name: str, inputs: dict[str, Any], **ties: list[str]) -> dict[str, Any]:
    """What a preview would create; ``ties`` are the resources that an input comes from, by input."""
    on = [one for many in ties.values() for one in many]
    base = {"urn": urn(kind, name), "type": kind, "custom": True, "parent": ROOT, "inputs": inputs}
    return {
        **base,
        "provider": f"{PROVIDER}::{UNKNOWN_SENTINEL}",
        "dependencies": on,
        "propertyDependencies": dict(ties),
    }


BUCKET, SETTING, ROLE = "aws:s3/bucket:Bucket", "aws:s3/bucketVersioning:BucketVersioning", "aws:iam/role:Role"
FRAME = [
    {"urn": ROOT, "type": "pulumi:pulumi:Stack", "custom": False, "inputs": {}, "parent": "", "provider": ""},
    {"urn": PROVIDER, "type": "pulumi:providers:aws", "custom": True, "inputs": {}, "parent": ROOT, "provider": ""},
]
THE_BUCKET = entry(BUCKET, "raw", {"bucket": "raw", "tags": TAGS})
THE_SETTING = entry(SETTING, "raw", {"bucket": UNKNOWN_SENTINEL}, bucket=[urn(BUCKET, "raw")])
KNOWN_SETTING = {**THE_SETTING, "inputs": {"bucket": "raw"}}


@dataclass
class PlayedEngine:
    """A program's resources, what the cloud holds (tags by type and id), and the state that becomes of it."""

    program: list[dict[str, Any]]
    cloud: dict[tuple[str, str], dict[str, Any]]
    resources: list[dict[str, Any]] | None = None
    ups: int = 0
    extra: dict[str, Any] = field(default_factory=dict)  # inputs that the provider reads back beside ours

    def checkpoint(self, program: Program) -> Checkpoint | None:
        return None if self.resources is None else Checkpoint(tuple(self.resources), (), {})

    def unmade(self, program: Program, upstream: object, plan: Path) -> tuple[Preview, list[dict[str, Any]]]:
        standing = {r["urn"]: r for r in self.resources or ()}
        missing = [e for e in deepcopy([*FRAME, *self.program]) if e["urn"] not in standing]
        for one in missing:  # what hangs on a bucket that the state has is known
            for key, ties in one.get("propertyDependencies", {}).items():
                if one["inputs"].get(key) == UNKNOWN_SENTINEL and set(ties) <= set(standing):
                    one["inputs"][key] = standing[ties[0]]["id"]
            one.setdefault("dependencies", [])
            one.setdefault("propertyDependencies", {})
        planned = [
            PlannedResource("storage", e["type"], urn_name(e["urn"]), Action.CREATE, None, e["inputs"])
            for e in missing
            if e["custom"] and not e["type"].startswith("pulumi:")
        ]
        return Preview(tuple(planned), {}, {}), missing

    def export_state(self, program: Program) -> dict[str, Any]:
        return deepcopy({"deployment": {"resources": self.resources or []}})

    def read_back(
        self, program: Program, state: Mapping[str, Any], wanted: Sequence[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        there = [r for r in wanted if (r["type"], r["id"]) in self.cloud]
        return [
            {**r, "inputs": {**r["inputs"], **self.extra}, "outputs": {"tags": self.cloud[r["type"], r["id"]]}}
            for r in there
        ]

    def import_state(self, program: Program, state: dict[str, Any]) -> None:
        self.resources = state["deployment"]["resources"]

    def up(self, program: Program, upstream: object, *, plan: Path) -> Result:
        self.ups += 1
        return Result({}, 0)

    def adopt(self) -> Adoption:
        adoption = Adoption(cast(PulumiEngine, self), Cloud("us-east-1", "1"), STORAGE, {})
        adoption.run()
        return adoption

    def has(self, kind: str) -> dict[str, Any]:
        """The one entry of that type in the state."""
        (found,) = [r for r in self.resources or () if r["type"] == kind]
        return found


def test_what_carries_our_tags_is_adopted_under_its_id() -> None:
    engine = PlayedEngine([THE_BUCKET], {(BUCKET, "raw"): TAGS})
    assert engine.adopt().adopted == {THE_BUCKET["urn"]: "raw"}
    assert engine.has(BUCKET)["id"] == "raw"


@pytest.mark.parametrize("tags", [{}, FOREIGN, {"tideform:project": "p", "tideform:environment": "prod"}])
def test_what_does_not_is_left_alone_and_told(tags: dict[str, str]) -> None:
    engine = PlayedEngine([THE_BUCKET], {(BUCKET, "raw"): tags})
    adoption = engine.adopt()
    assert (adoption.adopted, [found.code for found in adoption.foreign]) == ({}, ["TD421"])


def test_what_hangs_on_an_adopted_one_is_found_after_it() -> None:
    engine = PlayedEngine([THE_BUCKET, THE_SETTING], {(BUCKET, "raw"): TAGS, (SETTING, "raw"): {}})
    assert set(engine.adopt().adopted) == {THE_BUCKET["urn"], THE_SETTING["urn"]}
    assert engine.has(SETTING)["dependencies"] == [THE_BUCKET["urn"]]


def test_a_part_without_tags_of_somebody_elses_is_not_ours() -> None:
    engine = PlayedEngine([THE_BUCKET, KNOWN_SETTING], {(BUCKET, "raw"): FOREIGN, (SETTING, "raw"): {}})
    assert engine.adopt().adopted == {}


def test_where_nothing_stands_no_stack_is_made() -> None:
    engine = PlayedEngine([THE_BUCKET, THE_SETTING], {})
    assert (engine.adopt().adopted, engine.resources) == ({}, None)


def test_what_is_missing_is_left_to_an_apply_and_keeps_nothing_else_out() -> None:
    role = entry(ROLE, "job", {"name": "job", "tags": TAGS})
    engine = PlayedEngine([THE_BUCKET, role], {(ROLE, "job"): TAGS})
    assert set(engine.adopt().adopted) == {role["urn"]}
    assert engine.ups == 0


def test_where_all_stands_the_engine_writes_down_the_rest() -> None:
    engine = PlayedEngine([THE_BUCKET], {(BUCKET, "raw"): TAGS})
    engine.adopt()
    assert engine.ups == 1


def test_of_inputs_that_are_not_known_yet_none_enters_the_state() -> None:
    role = entry(ROLE, "job", {"name": "job", "tags": TAGS, "policy": UNKNOWN_SENTINEL}, policy=[urn(BUCKET, "raw")])
    engine = PlayedEngine([THE_BUCKET, role], {(ROLE, "job"): TAGS})
    engine.adopt()
    assert engine.has(ROLE)["inputs"] == {"name": "job", "tags": TAGS}


def test_it_depends_on_nothing_that_is_not_in_the_state() -> None:
    role = entry(ROLE, "job", {"name": "job", "tags": TAGS, "policy": "{}"}, policy=[urn(BUCKET, "raw")])
    engine = PlayedEngine([THE_BUCKET, role], {(ROLE, "job"): TAGS})
    engine.adopt()
    found = engine.has(ROLE)
    assert (found["dependencies"], found["propertyDependencies"]) == ([], {"policy": []})


def test_it_names_the_provider_that_the_state_has() -> None:
    engine = PlayedEngine([THE_BUCKET], {(BUCKET, "raw"): TAGS})
    engine.adopt()
    provider = engine.has("pulumi:providers:aws")
    assert engine.has(BUCKET)["provider"] == f"{PROVIDER}::{provider['id']}"


def test_what_the_service_chose_by_itself_is_no_input_of_ours() -> None:
    engine = PlayedEngine([THE_BUCKET], {(BUCKET, "raw"): TAGS}, extra={"objectLockEnabled": False})
    engine.adopt()
    assert engine.has(BUCKET)["inputs"] == THE_BUCKET["inputs"]


def test_what_no_service_gives_back_is_left_for_an_apply_to_put_there() -> None:
    """A function's code may be that of an older spec."""
    function = entry(
        "aws:lambda/function:Function", "reaper", {"name": "reaper", "tags": TAGS, "code": {"a.py": "new"}}
    )
    engine = PlayedEngine([function], {("aws:lambda/function:Function", "reaper"): TAGS})
    engine.adopt()
    assert engine.has("aws:lambda/function:Function")["inputs"] == {"name": "reaper", "tags": TAGS}


def test_what_the_state_has_already_is_not_touched() -> None:
    engine = PlayedEngine([THE_BUCKET], {(BUCKET, "raw"): TAGS})
    engine.adopt()
    before = deepcopy(engine.resources)
    assert (engine.adopt().adopted, engine.resources) == ({}, before)
