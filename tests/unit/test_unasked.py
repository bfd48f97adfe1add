"""What an answer lacks: of whom there was none, and what is broken, apart from each other."""

from __future__ import annotations

import pytest

from tideform.burst.table_errors import UnreadableError
from tideform.errors import CloudError, RefusedError
from tideform.unasked import Broken, Gaps, Unasked, ask, each

AWAY = CloudError.of("TD611", "A cloud service refused", detail="it is away")
DAMAGED = UnreadableError.of("TD624", "An item cannot be read", detail="no state")


def refuse(error: Exception) -> int:
    raise error


def test_what_is_broken_is_told_apart_from_what_gave_no_answer() -> None:
    assert Gaps.of("fit", AWAY) == Gaps(unasked=(Unasked("fit", "it is away"),), problems=AWAY.diagnostics)
    assert Gaps.of("fit", DAMAGED) == Gaps(unreadable=(Broken("fit", "no state"),), problems=DAMAGED.diagnostics)


def test_both_say_so_in_their_words() -> None:
    assert str(Unasked("lock", "it is away")) == "lock: could not be asked: it is away"
    assert str(Broken("pool fit", "no state")) == "pool fit: cannot be read: no state"


def test_an_error_without_details_is_told_by_its_summary() -> None:
    assert Gaps.of("x", CloudError.of("TD611", "A cloud service refused")).unasked[0].why == "A cloud service refused"


def test_what_hinders_several_parts_is_one_problem() -> None:
    both = Gaps.of("fit", AWAY) + Gaps.of("other", AWAY)
    assert ([one.what for one in both.unasked], both.problems) == (["fit", "other"], AWAY.diagnostics)


def test_an_answer_that_lacks_nothing_is_no_gap() -> None:
    assert not Gaps()


def test_a_cloud_that_refuses_one_part_gives_the_other_answer() -> None:
    assert ask("count", lambda: refuse(AWAY), 7) == (7, (Unasked("count", "it is away"),))


def test_a_refusal_of_ours_is_no_silence_of_a_cloud() -> None:
    with pytest.raises(RefusedError):
        ask("count", lambda: refuse(RefusedError.of("TD601", "Foundation is not applied")), 7)


def test_one_part_that_fails_hides_no_other() -> None:
    found, gaps = each({"one": lambda: 1, "two": lambda: refuse(DAMAGED)})
    assert (found, [one.what for one in gaps.unreadable]) == ({"one": 1}, ["two"])
