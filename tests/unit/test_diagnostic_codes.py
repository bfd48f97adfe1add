"""The page of diagnostics, and what each code must say."""

from __future__ import annotations

import pytest

from tests.diagnostic_codes import PAGE, page
from tideform.errors import RefusedError
from tideform.views.code_guide import Told, every_code, look_up_code


@pytest.fixture(scope="module")
def codes() -> dict[str, Told]:
    return every_code()


def test_the_page_is_up_to_date() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == page(), "run: python -m tests.diagnostic_codes > docs/reference/diagnostics.md"


def test_every_code_has_one_constant_summary(codes: dict[str, Told]) -> None:
    assert {code: told.summary for code, told in codes.items() if len(told.summaries) != 1 or "<" in told.summary} == {}


def test_every_summary_is_a_sentence_without_its_full_stop(codes: dict[str, Told]) -> None:
    summaries = [told.summary for told in codes.values()]
    assert [s for s in summaries if not s[:1].isupper() or s.endswith(".")] == []


def test_a_code_is_explained_by_what_the_source_says_of_it() -> None:
    told = look_up_code("TD604")
    assert told.summary == "The pool is being taken down"
    assert any("A burst of <pool> is just ending" in cause for cause in told.causes)
    assert any(fix.startswith("Try again in a minute") for fix in told.fixes)


def test_a_code_out_of_a_table_has_its_summary_from_there() -> None:
    assert look_up_code("TD140").summary == "Two settings contradict each other"


def test_a_code_that_is_never_said_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(RefusedError) as refused:
        look_up_code("TD599")
    (said,) = refused.value.diagnostics
    assert (said.code, said.fix != "") == ("TD096", True)
