"""Walking programs in the order of what they read."""

from __future__ import annotations

import threading

from tideform.operations.walk import walk


def test_nothing_begins_before_what_it_needs_is_done() -> None:
    seen: list[str] = []
    done, failed = walk({"c": ["b"], "b": ["a"], "a": []}, lambda key: seen.append(key))
    assert (seen, list(done), failed) == (["a", "b", "c"], ["a", "b", "c"], {})


def test_independent_keys_run_side_by_side() -> None:
    both = threading.Barrier(2, timeout=10)
    done, failed = walk({"a": [], "b": []}, lambda _: both.wait(), workers=2)
    assert set(done) == {"a", "b"}
    assert not failed


def test_a_failure_keeps_what_needs_it_from_beginning_and_is_told() -> None:
    def work(key: str) -> str:
        if key == "a":
            raise ValueError("no")
        return key

    done, failed = walk({"a": [], "b": ["a"]}, work)
    assert done == {}
    assert list(failed) == ["a"]


def test_what_already_runs_is_waited_for_when_something_fails() -> None:
    begun, failed_first = threading.Event(), threading.Event()

    def work(key: str) -> str:
        if key == "fails":
            begun.wait(10)
            failed_first.set()
            raise ValueError("no")
        begun.set()
        failed_first.wait(10)
        return "finished"

    done, failed = walk({"fails": [], "slow": []}, work, workers=2)
    assert done == {"slow": "finished"}
    assert list(failed) == ["fails"]


def test_a_need_that_is_not_walked_is_taken_as_standing() -> None:
    done, _ = walk({"training/x": ["foundation"]}, lambda key: key)
    assert list(done) == ["training/x"]
