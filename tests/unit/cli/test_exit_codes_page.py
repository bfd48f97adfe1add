"""The page of exit codes says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from tideform.errors import ExitCode

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "exit-codes.md"


def test_the_page_lists_exactly_the_exit_codes() -> None:
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [(int(code), name.upper()) for code, name in rows] == [(code.value, code.name) for code in ExitCode]
