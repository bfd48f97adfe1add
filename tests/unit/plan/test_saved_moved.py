"""Whether a saved plan still holds, and if not, everything that moved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.views.plans import created, plan
from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import RefusedError
from tideform.model.planned import SECRET, UNKNOWN, Action, OutputChange, Plan, PlannedResource
from tideform.plan.moved import moved, refuse_stale
from tideform.plan.saved import Provenance, SavedPlan

MADE_OF = Provenance("a" * 64, {"engine": "3.250.0"}, {"storage": "b" * 64})
FINDING = Diagnostic("TD702", Severity.WARNING, "control x does not hold", detail="storage.digits: because")
PLAN = plan(
    created("digits", bucket="one", arn=UNKNOWN, key=SECRET),
    outputs=(OutputChange("storage", "arn", None, UNKNOWN),),
    findings=(FINDING,),
)
SAVED = SavedPlan.of(PLAN, MADE_OF)


def codes(now: Plan = PLAN, made_of: Provenance = MADE_OF) -> list[str]:
    return [d.code for d in moved(SAVED, now, made_of)]


def test_a_plan_that_is_the_same_holds() -> None:
    refuse_stale(SAVED, PLAN, MADE_OF)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"spec_digest": "c" * 64}, "TD311"),
        ({"states": {"storage": "c" * 64}}, "TD312"),
        ({"states": {"storage": "b" * 64, "foundation": "d" * 64}}, "TD312"),
        ({"versions": {"engine": "3.251.0"}}, "TD313"),
        ({"versions": {}}, "TD313"),
    ],
)
def test_what_the_plan_was_made_of_may_not_move(fields: dict[str, Any], code: str) -> None:
    assert codes(made_of=replace(MADE_OF, **fields)) == [code]


def test_another_commit_with_the_same_spec_is_no_difference() -> None:
    assert codes(made_of=replace(MADE_OF, commit="feed")) == []


def test_a_stack_that_is_still_not_there_is_no_difference() -> None:
    assert codes(made_of=replace(MADE_OF, states={"storage": "b" * 64, "foundation": ""})) == []


@pytest.mark.parametrize("field", ["account", "region", "environment", "project"])
def test_another_place_is_refused(field: str) -> None:
    other: dict[str, Any] = {field: "other"}
    assert codes(replace(PLAN, **other)) == ["TD315"]


@pytest.mark.parametrize(
    "resources",
    [
        (),
        (*PLAN.resources, created("more")),
        (replace(PLAN.resources[0], action=Action.REPLACE),),
        (created("digits", bucket="two", arn=UNKNOWN, key=SECRET),),
        (created("digits", bucket="one", arn="known now", key=SECRET),),
        (created("digits", bucket=UNKNOWN, arn=UNKNOWN, key=SECRET),),
        (created("digits", bucket="one", arn=UNKNOWN, key="in clear"),),
    ],
)
def test_another_resource_action_or_value_is_refused(resources: tuple[PlannedResource, ...]) -> None:
    assert codes(replace(PLAN, resources=resources)) == ["TD314"]


def test_a_new_resource_that_stays_as_it_is_needs_no_new_plan() -> None:
    kept = PlannedResource("storage", "aws:s3/bucket:Bucket", "b", Action.NO_OP, {"a": 1}, {"a": 1})
    assert codes(replace(PLAN, resources=(*PLAN.resources, kept))) == []


def test_another_output_is_refused() -> None:
    assert codes(replace(PLAN, outputs=(OutputChange("storage", "arn", None, "x"),))) == ["TD314"]


def test_a_new_finding_is_refused() -> None:
    assert codes(replace(PLAN, findings=(FINDING, replace(FINDING, detail="more")))) == ["TD316"]


def test_a_finding_that_went_away_is_no_reason_to_refuse() -> None:
    assert codes(replace(PLAN, findings=())) == []


def test_everything_that_moved_is_told_at_once() -> None:
    with pytest.raises(RefusedError) as caught:
        refuse_stale(SAVED, replace(PLAN, resources=()), replace(MADE_OF, versions={}))
    assert [d.code for d in caught.value.diagnostics] == ["TD313", "TD314"]


def test_a_plan_of_another_place_is_one_error_and_not_hundreds() -> None:
    assert codes(replace(PLAN, project="other", region="x", resources=())) == ["TD315"]


def test_of_hundreds_of_differences_the_first_are_told_and_the_others_counted() -> None:
    more = tuple(created(f"more{number}") for number in range(100))
    with pytest.raises(RefusedError) as caught:
        refuse_stale(SAVED, replace(PLAN, resources=(*PLAN.resources, *more)), MADE_OF)
    assert len(caught.value.diagnostics) == 11
    assert "and 90 more" in caught.value.diagnostics[-1].detail
