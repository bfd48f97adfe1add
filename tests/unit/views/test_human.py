"""The plan as people read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.unit.views.plans import created, everything, plan, policy, updated
from tideform.model.planned import SECRET, UNKNOWN, Action, Plan, PlannedResource, PriceLine, PropertyChange
from tideform.views.human import Detail, plan_lines, resource_lines


def text(of: Plan) -> str:
    return "\n".join(str(line) for line in plan_lines(of)) + "\n"


def body(resource: PlannedResource) -> str:
    return "\n".join(str(line) for line in resource_lines(resource))


def test_a_plan_with_one_of_everything(golden: Callable[[str, str], None]) -> None:
    golden("plan/everything.txt", text(everything()))


def test_nothing_to_do_is_said_in_one_line() -> None:
    kept = PlannedResource("storage", "aws:s3/bucket:Bucket", "a", Action.NO_OP, {"a": 1}, {"a": 1})
    assert text(plan(kept)).endswith("No changes. What stands matches the spec.\n")


def test_a_plan_that_did_not_look_does_not_say_what_stands() -> None:
    kept = PlannedResource("storage", "aws:s3/bucket:Bucket", "a", Action.NO_OP, {"a": 1}, {"a": 1})
    said = text(replace(plan(kept), meta={"read_back": False})).splitlines()[-1]
    assert said == "No changes. What the state records matches the spec; what stands was not read back."


def test_in_brief_what_comes_is_a_line_with_what_somebody_chose() -> None:
    inputs = {"name": "p-dev-nightly", "size": 7, "machine": {"type": "c5.large"}, "policy": "a default"}
    made = replace(created("nightly"), after=inputs)
    of = replace(plan(made), meta={"chosen": {"c5.large"}})
    shown = [str(line) for line in plan_lines(of, detail=Detail.BRIEF)]
    assert any(line.endswith('nightly  name = "p-dev-nightly", machine.type = "c5.large"') for line in shown)
    assert "a default" not in "\n".join(shown)


def test_in_brief_what_changes_is_shown_as_ever() -> None:
    changes = updated({"a": 1}, {"a": 2})
    shown = "\n".join(str(line) for line in plan_lines(plan(changes), detail=Detail.BRIEF))
    assert "~ a = 1 -> 2" in shown


def test_a_summary_counts_each_stack() -> None:
    of = plan(created("a"), created("b"), created("c", "foundation"))
    shown = [str(line).strip() for line in plan_lines(of, detail=Detail.SUMMARY)]
    assert ("foundation: 1 +" in shown, "storage: 2 +" in shown) == (True, True)


def test_a_total_without_a_price_that_nobody_knows_is_a_lower_bound_and_names_it() -> None:
    prices = (PriceLine("a.b", "key", 0.01), PriceLine("a.c", "server", None, "not in the price book", missing=True))
    shown = text(replace(plan(created()), prices=prices))
    assert "Total: at least 0.0100 USD an hour" in shown
    assert "Not in it, as the price book does not have them: a.c." in shown


def test_the_order_of_resources_does_not_depend_on_the_engine() -> None:
    two = created("a"), created("b", "foundation")
    assert text(plan(*two)) == text(plan(*reversed(two)))


def test_unchanged_attributes_are_counted_and_hidden() -> None:
    shown = body(updated({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 2, "c": 4}))
    assert "      ~ c = 3 -> 4\n        # (2 unchanged attributes hidden)" in shown


def test_a_policy_is_compared_as_a_document() -> None:
    shown = body(updated({"policy": policy("s3:Get", "s3:Put")}, {"policy": policy("s3:Get", "s3:List")}))
    assert '~ "s3:Put" -> "s3:List"' in shown
    assert "2012-10-17" not in shown


def test_a_policy_that_is_only_laid_out_differently_is_still_told_when_the_engine_changes_it() -> None:
    shown = body(updated({"policy": '{"a":1}'}, {"policy": '{"a": 1}'}, "policy"))
    assert r'~ policy = "{\"a\":1}" -> "{\"a\": 1}"' in shown


def test_an_inserted_list_element_is_one_line() -> None:
    shown = body(updated({"subnets": ["a", "b"]}, {"subnets": ["new", "a", "b"]}))
    assert '+ "new"\n            # (2 unchanged elements hidden)' in shown


def test_lines_of_a_script_are_compared_one_by_one() -> None:
    shown = body(updated({"userData": "one\ntwo\nthree"}, {"userData": "one\n2\nthree"}))
    assert "          - two\n          + 2\n" in shown


def test_what_will_be_known_later_is_said_so() -> None:
    assert "+ arn = (known after apply)" in body(created(arn=UNKNOWN))


def test_a_changed_secret_shows_that_it_changed_and_nothing_else() -> None:
    shown = body(updated({"password": SECRET}, {"password": SECRET}, "password"))
    assert "~ password = (sensitive value) -> (sensitive value)" in shown


@pytest.mark.parametrize(("first", "symbol"), [(True, "-/+"), (False, "+/-")])
def test_a_replacement_says_what_forces_it_and_which_comes_first(first: bool, symbol: str) -> None:
    shown = body(
        PlannedResource(
            "storage",
            "aws:s3/bucket:Bucket",
            "digits",
            Action.REPLACE,
            {"bucket": "a"},
            {"bucket": "b"},
            (PropertyChange("bucket", "a", "b", forces_replacement=True),),
            delete_before_replace=first,
        )
    )
    assert f'{symbol} resource "aws_s3_bucket" "digits" {{' in shown
    assert '~ bucket = "a" -> "b" # forces replacement' in shown


def test_a_deep_change_that_forces_replacement_is_marked_where_it_is() -> None:
    change = PropertyChange("a.b", 1, 2, forces_replacement=True)
    shown = body(
        PlannedResource("s", "aws:s3/bucket:Bucket", "d", Action.REPLACE, {"a": {"b": 1}}, {"a": {"b": 2}}, (change,))
    )
    assert "~ a = {\n" in shown
    assert "~ b = 1 -> 2 # forces replacement" in shown


def test_a_computed_value_that_drifted_is_shown_though_it_is_no_input() -> None:
    resource = PlannedResource(
        "s",
        "aws:s3/bucket:Bucket",
        "d",
        Action.UPDATE,
        {"a": 1},
        {"a": 1},
        (PropertyChange("region", "x", "y"),),
    )
    assert '~ region = "x" -> "y"' in body(resource)


def test_escape_sequences_in_names_and_values_are_shown_not_sent() -> None:
    shown = text(plan(created("\x1b[2Jx", bucket="\x1b]0;pwned\x07\u202eabc", **{"k\x1b": "v"})))
    assert not [c for c in shown if not c.isprintable() and c != "\n"]


def test_the_local_target_says_that_it_is_a_sandbox() -> None:
    assert "a sandbox" in text(plan(created()))


def test_the_aws_target_says_nothing_of_a_sandbox() -> None:
    assert "sandbox" not in text(plan(created(), target="aws", meta={"not_emulated": ["x"]}))


def test_imports_are_counted_in_the_summary() -> None:
    resource = PlannedResource("s", "aws:s3/bucket:Bucket", "d", Action.IMPORT, None, {"a": 1}, id="d")
    assert "Plan: 1 to import, 0 to add, 0 to change, 0 to destroy." in text(plan(resource))


def test_an_update_without_a_changed_input_says_why() -> None:
    assert "# (its inputs stay as they are; an earlier run did not finish it)" in body(updated({"a": 1}, {"a": 1}))
