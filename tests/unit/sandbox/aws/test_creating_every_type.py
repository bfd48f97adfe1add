"""What holds whenever a resource of any type is made: one call makes and tags it, nothing is adopted or forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.sandbox.aws.cases import CASES, Case
from tests.unit.sandbox.aws.conftest import World
from tideform_sandbox.providers.aws import lifecycle
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Kind, Live
from tideform_sandbox.providers.aws.refusal import Refusal

_LOOKS = ("describe_", "get_", "list_", "head_")

# Without a name that could be taken, or made with every new thing that they belong to.
_CANNOT_BE_TAKEN = {
    "vpc", "table", "gateway_endpoint", "interface_endpoint", "key", "other_key", "definition", "default_group",
    "versioning", "encryption", "public_access", "ownership", "budget_action",
}  # fmt: skip

_DOCUMENTS = (
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
)


def cases(*without: str) -> pytest.MarkDecorator:
    chosen = [case for case in CASES if case.key not in without]
    return pytest.mark.parametrize("case", chosen, ids=[case.key for case in chosen])


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Every operation that changes something, with its members, in order."""
    calls: list[tuple[str, dict[str, Any]]] = []
    original = Context.call

    def call(self: Context, service: str, operation: str, /, **members: Any) -> Any:
        if not operation.startswith(_LOOKS):
            calls.append((operation, members))
        return original(self, service, operation, **members)

    monkeypatch.setattr(Context, "call", call)
    return calls


@cases("default_group")
def test_the_call_that_makes_it_tags_it(case: Case, fresh: World, sent: list[tuple[str, dict[str, Any]]]) -> None:
    inputs = fresh.filled(case.inputs)
    sent.clear()
    made = fresh.make(case.key)
    assert [operation for operation, _ in sent if "tag" in operation] == []
    state = lifecycle.read(made.kind, fresh.context, made.identity, inputs, made.state)
    assert state is not None
    assert state[0].get("tags") == inputs.get("tags")


@cases(*_CANNOT_BE_TAKEN)
def test_what_exists_is_neither_adopted_nor_written_over(case: Case, world: World) -> None:
    made, other = world.make(case.key), world.filled(case.change)
    named = {} if case.key == "ingress" else other  # with other ports or addresses a rule is another rule
    with pytest.raises(Refusal):
        lifecycle.create(made.kind, world.context, {**made.inputs, **named})
    found = lifecycle.read(made.kind, world.context, made.identity, made.inputs, made.state)
    assert found == (made.inputs, made.state)


@pytest.mark.parametrize("key", [c.key for c in CASES if c.type in _DOCUMENTS])
def test_a_bucket_takes_the_document_that_it_has_already(key: str, world: World) -> None:
    made = world.make(key)
    lifecycle.create(made.kind, world.context, made.inputs)
    found = lifecycle.read(made.kind, world.context, made.identity, made.inputs, made.state)
    assert found == (made.inputs, made.state)


@cases()
def test_what_is_made_half_is_remembered_and_finished_by_the_same_program(case: Case, fresh: World) -> None:
    made = fresh.make(case.key)
    if made.kind.type not in {"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"}:
        lifecycle.delete(made.kind, fresh.context, made.identity, made.state)
    with pytest.raises(lifecycle.HalfMadeError) as raised:
        lifecycle.create(_failing(made.kind), fresh.context, made.inputs)
    half = raised.value
    state = lifecycle.update(made.kind, fresh.context, half.identity, made.inputs, made.inputs, half.state)
    found = lifecycle.read(made.kind, fresh.context, half.identity, made.inputs, state)
    assert found is not None
    assert found[0] == made.inputs


@pytest.mark.parametrize("error", [Refusal("Throttling", "slow down"), KeyError("Arn"), TypeError("no list")])
def test_whatever_fails_after_a_thing_was_made_its_id_is_kept(error: Exception, fresh: World) -> None:
    made = fresh.make("key")
    with pytest.raises(lifecycle.HalfMadeError) as raised:
        lifecycle.create(_failing(made.kind, error), fresh.context, made.inputs)
    assert fresh.context.call("kms", "describe_key", KeyId=raised.value.identity)["KeyMetadata"]["Enabled"]


def _failing(kind: Kind, error: Exception | None = None) -> Kind:
    def settle(*_: Any) -> None:
        raise error or Refusal("Throttling", "slow down")

    return replace(kind, settle=settle)


def test_a_bucket_in_another_region_is_tagged_by_its_creation_too(context: Context) -> None:
    from tideform_sandbox.providers.aws.registry import kind_of

    elsewhere = Context(replace(context.cloud, region="eu-west-1"))
    inputs: Live = {"bucket": "elsewhere-tagged", "tags": {"owner": "ml & co", "empty": ""}}
    _, state = lifecycle.create(kind_of("aws:s3/bucket:Bucket"), elsewhere, inputs)
    assert (state["tags"], state["bucketRegion"]) == (inputs["tags"], "eu-west-1")
