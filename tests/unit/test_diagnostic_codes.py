"""The page of diagnostics lists every code that the source speaks."""

from __future__ import annotations

from tests.diagnostic_codes import PAGE, page, spoken


def test_the_page_is_up_to_date() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == page(), "run: python -m tests.diagnostic_codes > docs/reference/diagnostics.md"


def test_every_code_has_one_constant_summary() -> None:
    assert {code: found for code, found in spoken().items() if len(found) != 1 or "…" in min(found)} == {}


def test_every_summary_is_a_sentence_without_its_full_stop() -> None:
    summaries = [summary for found in spoken().values() for summary in found]
    assert [s for s in summaries if not s[:1].isupper() or s.endswith(".")] == []
