"""The reference page of controls is what the controls say."""

from __future__ import annotations

from pathlib import Path

from tideform.controls import known_controls
from tideform.views.controls import page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "controls.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tideform.views.controls > docs/reference/controls.md"


def test_every_control_is_on_it() -> None:
    assert all(f"\n### {control}\n" in page() for control in known_controls())
