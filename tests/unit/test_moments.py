"""Which steps of a recorded burst the dead-man table kills the command line at."""

from __future__ import annotations

from tests.faults.dead_man.__main__ import MISHAPS, drawn, rows_of
from tests.faults.dead_man.backends import CASES
from tests.faults.dead_man.faults import KILLED
from tests.faults.dead_man.moments import some, steps

ROUND = ["call iam.PutRolePolicy", "kube PATCH localqueues", "kube GET nodeclaims", "kube DELETE jobs"]


def test_what_only_reads_is_no_step_and_what_is_called_again_is_counted() -> None:
    record = [
        "call ec2.DescribeInstances",
        "call dynamodb.UpdateItem",
        "kube POST jobs",
        *["call dynamodb.UpdateItem"] * 2,
    ]
    found = [(moment.words, moment.working) for moment in steps(record, 3)]
    assert found == [
        ("dynamodb.UpdateItem#1", True),
        ("Kubernetes: POST jobs#1", True),
        ("dynamodb.UpdateItem#2", False),
        ("dynamodb.UpdateItem#3", False),
    ]


def test_two_rounds_of_the_way_down_stand_for_all_that_are_like_them() -> None:
    found = [moment.words for moment in steps([*ROUND * 5, "call dynamodb.UpdateItem"], 0)]
    changes = ("iam.PutRolePolicy#{0}", "Kubernetes: PATCH localqueues#{0}", "Kubernetes: DELETE jobs#{0}")
    assert found == [text.format(number) for number in (1, 2) for text in changes] + ["dynamodb.UpdateItem#1"]


def test_a_draw_is_the_same_for_the_same_seed_and_in_the_order_of_the_burst() -> None:
    every = steps([f"call batch.Submit{number}" for number in range(30)], 30)
    drawn = some(every, 5, "7 reaper")
    assert (drawn, len(drawn)) == (some(every, 5, "7 reaper"), 5)
    assert drawn == sorted(drawn)
    assert some(every, None, "7 reaper") == every


def test_a_round_that_ends_otherwise_than_those_before_is_no_other_step() -> None:
    found = [moment.words for moment in steps([*ROUND * 5, "call ec2.TerminateInstances", *ROUND], 0)]
    assert [words for words in found if not words.endswith(("#1", "#2"))] == []


def test_what_is_frozen_is_frozen_right_before_the_step_that_a_kill_comes_after() -> None:
    (moment,) = steps(["call batch.SubmitJob"], 1)
    assert (moment.text, moment.before) == ("after call batch.SubmitJob#1", "before call batch.SubmitJob#1")


def test_a_draw_of_mishaps_leaves_every_kill_in_and_is_the_same_for_the_same_seed() -> None:
    rows = rows_of(CASES, None)
    found = drawn(rows, 3, seed=7)
    assert [row for row in found if row.fault is KILLED] == [row for row in rows if row.fault is KILLED]
    assert len([row for row in found if row.fault is not KILLED]) == 3
    assert found == drawn(rows, 3, seed=7)


def test_every_mishap_that_a_case_names_is_one() -> None:
    assert {name for case in CASES for name in case.mishaps} == set(MISHAPS)
