"""What holds for a resource of any type, with the sandbox behind it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.sandbox.aws.cases import CASES, Case
from tests.unit.sandbox.aws.conftest import World
from tideform.resources.moved_by_bursts import LEASE_TAGS
from tideform_sandbox.providers.aws import lifecycle
from tideform_sandbox.providers.aws.compare import covers
from tideform_sandbox.providers.aws.registry import all_kinds
from tideform_sandbox.providers.aws.wire import read_struct, write_struct

every_case = pytest.mark.parametrize("case", CASES, ids=[case.key for case in CASES])
changing_case = pytest.mark.parametrize("case", [c for c in CASES if c.change], ids=[c.key for c in CASES if c.change])
# Where the vendor imports by something else than its state's id; ``,`` and ``/`` are its own.
_IMPORTED_BY = {
    "aws:lambda/permission:Permission": "{function}/{statementId}",
    "aws:autoscaling/lifecycleHook:LifecycleHook": "{autoscalingGroupName}/{name}",
    "aws:cloudwatch/eventTarget:EventTarget": "{rule}/{targetId}",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": "{clusterName},{associationId}",
}
_READ_BY_INPUTS = {"aws:cloudwatch/eventTarget:EventTarget"}  # whatever its id, as by the vendor's provider
_NEVER_GONE = {"default_group", "versioning", "topic_policy"}  # AWS always has one


def test_every_emulated_type_has_a_case() -> None:
    assert {case.type for case in CASES} == set(all_kinds())


@every_case
def test_an_untouched_resource_is_read_back_as_it_was_written(case: Case, world: World) -> None:
    made = world.make(case.key)
    found = lifecycle.read(made.kind, world.context, made.identity, made.inputs, made.state)
    assert found is not None
    assert found == (made.inputs, made.state)


@every_case
def test_the_state_survives_the_wire(case: Case, world: World) -> None:
    made = world.make(case.key)
    assert read_struct(write_struct(made.state)) == {k: v for k, v in made.state.items() if v is not None}


@every_case
def test_an_imported_resource_differs_in_nothing_from_its_program(case: Case, world: World) -> None:
    made = world.make(case.key)
    by = _IMPORTED_BY.get(case.type, made.identity).format_map(made.state)
    found = lifecycle.read(made.kind, world.context, by, {}, {})
    assert found is not None
    told = {key: value for key, value in made.inputs.items() if key in found[0]}
    assert {key: found[0][key] for key, value in told.items() if not covers(value, found[0][key])} == {}


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.type in _IMPORTED_BY.keys() - _READ_BY_INPUTS], ids=lambda case: case.key
)
def test_a_resource_is_not_read_by_the_id_of_its_import(case: Case, world: World) -> None:
    made = world.make(case.key)
    by = _IMPORTED_BY[case.type].format_map(made.state)
    assert lifecycle.read(made.kind, world.context, by, made.inputs, made.state) is None


@changing_case
def test_a_change_in_place_is_read_back(case: Case, fresh: World) -> None:
    made, world = fresh.make(case.key), fresh
    new = {**made.inputs, **world.filled(case.change)}
    assert lifecycle.diff(made.kind, made.inputs, new).replaces == ()
    state = lifecycle.update(made.kind, world.context, made.identity, made.inputs, new, made.state)
    found = lifecycle.read(made.kind, world.context, made.identity, new, state)
    assert found == (new, state)
    back = lifecycle.update(made.kind, world.context, made.identity, new, made.inputs, state)
    assert lifecycle.read(made.kind, world.context, made.identity, made.inputs, back) == (made.inputs, back)


@pytest.mark.parametrize("case", [c for c in CASES if c.key not in _NEVER_GONE], ids=lambda case: case.key)
def test_a_deleted_resource_reads_as_gone(case: Case, fresh: World) -> None:
    made, world = fresh.make(case.key), fresh
    lifecycle.delete(made.kind, world.context, made.identity, made.state)
    assert lifecycle.read(made.kind, world.context, made.identity, made.inputs, made.state) is None


def test_a_group_that_is_up_shows_no_tags_of_its_lease_and_a_users_change_all_the_same(fresh: World) -> None:
    made = fresh.make("group_of_nodes")
    name = made.inputs["name"]
    own = {"ResourceId": name, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": True}
    tags = [{**own, "Key": key, "Value": "one"} for key in (*LEASE_TAGS, "team")]
    fresh.context.call("autoscaling", "create_or_update_tags", Tags=tags)
    context = replace(fresh.context, ignored_tags=frozenset(LEASE_TAGS))
    found = lifecycle.read(made.kind, context, made.identity, made.inputs, made.state)
    assert found is not None
    before = {tag["key"] for tag in made.inputs.get("tags") or ()}
    assert {tag["key"] for tag in found[0]["tags"]} == before | {"team"}
