"""The reference pages say what the program is: those made from it are up to date, and no variable is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.reference_pages import PAGES, REFERENCE, ROOT

VARIABLE = re.compile(r"\bTIDEFORM_[A-Z0-9_]*[A-Z0-9]\b(?!_)")
# Names whose end is the user's: stores, and the words of SageMaker's start script.
OPEN = ("TIDEFORM_INPUT_", "TIDEFORM_OUTPUT_", "TIDEFORM_START_")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_is_made_from_the_program_is_up_to_date(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name](), "run: python -m tests.reference_pages"


def test_every_variable_of_ours_stands_in_its_page() -> None:
    page = (REFERENCE / "environment-variables.md").read_text(encoding="utf-8")
    told = set(VARIABLE.findall(page))
    files = [file for part in ("src", "stacks") for file in (ROOT / part).rglob("*.py")]
    used = {name for file in files for name in VARIABLE.findall(Path(file).read_text(encoding="utf-8"))}
    used = {name for name in used if not name.startswith(OPEN)}
    assert (used - told, told - used) == (set(), set())
