"""Whether a stage is still what was shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tideform.errors import RefusedError
from tideform.model.engine import Preview
from tideform.model.planned import SECRET, UNKNOWN, Action, PlannedResource
from tideform.plan.compare import agrees, in_the_way, refuse_moved


def _preview(action: Action, **after: Any) -> Preview:
    resource = PlannedResource("storage", "aws:s3/bucket:Bucket", "digits", action, None, after)
    return Preview((resource,), {}, {})


def test_the_same_preview_is_accepted() -> None:
    refuse_moved(_preview(Action.CREATE, bucket="a"), _preview(Action.CREATE, bucket="a"))


def test_an_unknown_value_may_become_anything() -> None:
    refuse_moved(_preview(Action.CREATE, kms=UNKNOWN), _preview(Action.CREATE, kms="arn:1"))


def test_an_update_that_turned_out_to_be_none_is_accepted() -> None:
    refuse_moved(_preview(Action.UPDATE, kms=UNKNOWN), _preview(Action.NO_OP, kms="arn:1"))


def test_a_known_value_that_differs_is_refused_and_named() -> None:
    with pytest.raises(RefusedError) as caught:
        refuse_moved(_preview(Action.CREATE, bucket="a"), _preview(Action.CREATE, bucket="b"))
    assert "bucket was planned as 'a' and is now 'b'" in caught.value.diagnostics[0].detail


def test_another_action_is_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        refuse_moved(_preview(Action.UPDATE, bucket="a"), _preview(Action.REPLACE, bucket="a"))
    assert "planned: update, now: replace" in caught.value.diagnostics[0].detail


def test_a_resource_that_was_not_planned_is_refused() -> None:
    with pytest.raises(RefusedError):
        refuse_moved(Preview((), {}, {}), _preview(Action.DELETE))


@pytest.mark.parametrize(
    ("planned", "now"),
    [(SECRET, "x"), ([1, UNKNOWN], [1, 2]), ({"a": UNKNOWN}, {"a": 1}), (UNKNOWN, None)],
)
def test_markers_agree_with_what_they_stand_for(planned: Any, now: Any) -> None:
    assert agrees(planned, now)


@pytest.mark.parametrize(("planned", "now"), [([1], [1, 2]), ({"a": 1}, {"a": 2}), (1, None), ("a", UNKNOWN)])
def test_known_values_have_to_be_equal(planned: Any, now: Any) -> None:
    assert not agrees(planned, now)


def _log_group(action: Action, urn: str, name: str = "/logs/fit") -> PlannedResource:
    given = {"name": name}
    before, after = (given, None) if action is Action.DELETE else (None, given)
    return PlannedResource("training/fit", "aws:cloudwatch/logGroup:LogGroup", "fit", action, before, after, urn=urn)


def test_of_two_with_one_address_each_is_compared_with_itself() -> None:
    shown = Preview((_log_group(Action.CREATE, "new"), _log_group(Action.DELETE, "old")), {}, {})
    refuse_moved(shown, shown)
    refuse_moved(shown, Preview((_log_group(Action.CREATE, "new"),), {}, {}))


def test_what_goes_is_in_the_way_of_what_takes_its_name() -> None:
    coming = replace(_log_group(Action.CREATE, "new"), name="other")
    assert in_the_way(Preview((coming, _log_group(Action.DELETE, "old")), {}, {})) == ("old",)


def test_what_goes_is_in_nobodys_way_where_names_differ() -> None:
    coming = replace(_log_group(Action.CREATE, "new", "/logs/other"), name="other")
    assert in_the_way(Preview((coming, _log_group(Action.DELETE, "old")), {}, {})) == ()


def test_what_nothing_is_done_to_may_have_been_read_back() -> None:
    refuse_moved(_preview(Action.NO_OP, state="DISABLED"), _preview(Action.NO_OP, state="ENABLED"))


@pytest.mark.parametrize("state", ["DISABLED", "ENABLED"])
def test_what_bursts_move_may_be_as_they_left_it_beside_another_change(state: str) -> None:
    kind = "aws:batch/computeEnvironment:ComputeEnvironment"
    resource = PlannedResource(
        "training/fit", kind, "fit", Action.UPDATE, None, {"state": "DISABLED", "type": "MANAGED"}
    )
    now = replace(resource, after={"state": state, "type": "MANAGED"})
    refuse_moved(Preview((resource,), {}, {}), Preview((now,), {}, {}))
