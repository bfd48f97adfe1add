from __future__ import annotations

from pathlib import Path

from tideform.local.stored_only import STORED_ONLY

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "sandbox.md"


def test_the_documentation_names_exactly_what_has_no_behaviour() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("| Service | What |")[2].partition("\n\n")[0]
    told = table.splitlines()[2:]
    assert told == [f"| {row.service} | {row.what} | {row.missing} |" for row in STORED_ONLY]
