"""The page of diagnostics lists every code that the source speaks."""

from __future__ import annotations

from tests.diagnostic_codes import PAGE, page, spoken


def test_the_page_is_up_to_date() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == page(), "run: python -m tests.diagnostic_codes > docs/reference/diagnostics.md"


def test_every_code_has_a_summary() -> None:
    assert [code for code, summaries in spoken().items() if not any(summaries)] == []
