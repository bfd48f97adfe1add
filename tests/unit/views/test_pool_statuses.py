"""`burst status` as text and as JSON: what is missing is told once, where it belongs."""

from __future__ import annotations

from decimal import Decimal

from tideform.burst.lease import PoolRecord
from tideform.burst.ownerless import Sighted
from tideform.burst.status import PoolStatus
from tideform.diagnostics import Diagnostic, Severity
from tideform.operations.pool_statuses import PoolStatuses
from tideform.unasked import NO_GAPS, Broken, Gaps, Unasked
from tideform.views.burst import statuses_json, statuses_lines

SILENT = Unasked("held by nobody (EC2)", "AccessDenied")
GAPS = Gaps((SILENT,), (Broken("state", "no checkpoint"),))
IDLE = PoolStatus(PoolRecord("fit"), (), (), Decimal(0), 0.0)
DEAF = PoolStatus(PoolRecord("fit"), (), (), Decimal(0), 0.0, unasked=(Unasked("jobs", "AccessDenied"),))


def test_each_part_that_is_missing_is_a_line_in_its_place() -> None:
    found = PoolStatuses((DEAF,), Sighted(unasked=(SILENT,)), (), GAPS)
    assert [str(line).strip() for line in statuses_lines(found)] == [
        "fit: idle",
        "? jobs: could not be asked: AccessDenied",
        "State: cannot be read: no checkpoint",
        "Held by nobody (EC2): could not be asked: AccessDenied",
    ]


def test_programs_find_it_under_two_keys_and_that_of_a_pool_in_the_pool() -> None:
    told = statuses_json(PoolStatuses((DEAF,), Sighted(unasked=(SILENT,)), (), GAPS))
    assert told["unasked"] == [{"what": "held by nobody (EC2)", "why": "AccessDenied"}]
    assert told["unreadable"] == [{"what": "state", "why": "no checkpoint"}]
    assert told["pools"][0]["unasked"] == [{"what": "jobs", "why": "AccessDenied"}]


def test_it_is_whole_only_where_no_pool_lacks_anything_either() -> None:
    several = [
        PoolStatuses((one,), Sighted(), (), gaps) for one, gaps in ((IDLE, NO_GAPS), (DEAF, NO_GAPS), (IDLE, GAPS))
    ]
    assert [found.whole for found in several] == [True, False, False]


def test_programs_are_told_what_is_wrong_as_well() -> None:
    inert = Diagnostic("TD625", Severity.WARNING, "The reaper is not as it should be", "its policy", fix="Apply.")
    told = statuses_json(PoolStatuses((IDLE,), Sighted(), (inert,), NO_GAPS))
    assert [(one["code"], one["severity"], one["fix"]) for one in told["warnings"]] == [("TD625", "warning", "Apply.")]
