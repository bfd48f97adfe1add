"""The rules of locking, without processes or files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tideform.errors import LockedError
from tideform.process import Process
from tideform.state.lock.record import STALE_SECONDS, BlockedError, Holder, Record, from_json, to_json
from tideform.state.lock.store import FolderStore

NOW = 1_000_000.0
ELSEWHERE = Process(77, "other-machine", "boot", "pid:[1]", 5)


def holder(run: str, process: Process, *, shared: bool = False, heartbeat: float = NOW) -> Holder:
    return Holder(run, "ann@laptop", "apply", process, NOW - 100, heartbeat, shared, runs=(run,))


def here(run: str, *, shared: bool = False) -> Holder:
    return holder(run, Process.current(), shared=shared)


def dead(run: str) -> Holder:
    return holder(run, replace(Process.current(), started=1))


def test_a_free_lock_is_given_with_the_first_token() -> None:
    assert Record().admit(here("a"), NOW).holder("a") == replace(here("a"), token=1)


def test_a_living_process_of_this_machine_is_respected_even_when_silent() -> None:
    silent = replace(here("a"), heartbeat=NOW - 10 * STALE_SECONDS)
    with pytest.raises(BlockedError):
        Record(1, (silent,)).admit(here("b"), NOW)


def test_a_dead_process_of_this_machine_is_taken_over_at_once() -> None:
    assert Record(1, (dead("a"),)).admit(here("b"), NOW).holder("a") is None


def test_a_process_out_of_sight_is_respected_while_it_is_heard_of() -> None:
    with pytest.raises(BlockedError) as blocked:
        Record(1, (holder("a", ELSEWHERE, heartbeat=NOW - STALE_SECONDS),)).admit(here("b"), NOW)
    assert [other.run for other in blocked.value.holders] == ["a"]


def test_a_process_out_of_sight_is_taken_over_when_silent_for_too_long() -> None:
    stale = holder("a", ELSEWHERE, heartbeat=NOW - STALE_SECONDS - 1)
    assert [h.run for h in Record(1, (stale,)).admit(here("b"), NOW).holders] == ["b"]


def test_a_process_of_an_earlier_boot_counts_as_out_of_sight() -> None:
    before = holder("a", replace(Process.current(), boot="an earlier one"))
    with pytest.raises(BlockedError):
        Record(1, (before,)).admit(here("b"), NOW)


def test_the_token_grows_over_takeovers() -> None:
    assert Record(7, (dead("a"),)).admit(here("b"), NOW).token == 8


def test_the_token_grows_over_releases() -> None:
    released = Record().admit(here("a"), NOW).without("a")
    assert released.admit(here("b"), NOW).token == 2


def test_an_heir_answers_for_the_processes_of_those_it_took_over_from() -> None:
    first = Record(1, (replace(dead("a"), noted=(ELSEWHERE,)),)).admit(dead("b"), NOW)
    heir = first.admit(here("c"), NOW).holder("c")
    assert heir is not None
    assert (heir.runs, heir.noted) == (("c", "b", "a"), (ELSEWHERE,))


def test_sharers_do_not_block_each_other() -> None:
    assert len(Record(1, (here("a", shared=True),)).admit(here("b", shared=True), NOW).holders) == 2


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True)])
def test_a_sharer_and_one_who_wants_it_alone_block_each_other(first: bool, second: bool) -> None:
    with pytest.raises(BlockedError):
        Record(1, (here("a", shared=first),)).admit(here("b", shared=second), NOW)


def test_a_dead_sharer_is_taken_over_while_the_living_one_stays() -> None:
    gone = replace(dead("a"), shared=True)
    record = Record(2, (gone, here("b", shared=True))).admit(here("c", shared=True), NOW)
    assert [h.run for h in record.holders] == ["b", "c"]


def test_entering_twice_is_entering_once() -> None:
    record = Record().admit(here("a"), NOW)
    assert record.admit(here("a"), NOW) == record


def test_a_record_is_read_back_as_it_was_written() -> None:
    record = Record(3, (replace(here("a"), noted=(ELSEWHERE,)), here("b", shared=True)))
    assert from_json(to_json(record)) == record


def test_no_text_is_a_lock_that_nobody_took() -> None:
    assert from_json("") == Record()


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "{}", '{"token": 1, "holders": [{}]}', '{"token": null, "holders": []}', "[" * 100_000, "\ufffd"],
)
def test_a_spoilt_record_is_an_error_with_a_fix(text: str) -> None:
    with pytest.raises(LockedError) as refused:
        from_json(text)
    assert refused.value.diagnostics[0].code == "TD413"


@pytest.mark.parametrize("kind", ["bytes", "folder", "pipe"])
def test_whatever_stands_in_the_records_place_is_an_error_with_a_fix(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "lock.json"
    if kind == "bytes":
        file.write_bytes(b"\xff\xfe\x00")
    elif kind == "folder":
        file.mkdir()
    else:
        os.mkfifo(file)
    with pytest.raises(LockedError) as refused:
        FolderStore(file, tmp_path).read()
    assert refused.value.diagnostics[0].code == "TD413"
