"""Every program of the full spec, run once for all the tests that look at all of them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.unit.stacks.collecting import collect
from tideform.model.engine import Preview

PROGRAMS = (
    ("foundation", None),
    ("storage", None),
    ("compliance", None),
    ("training", "nightly"),
    ("training", "small"),
    ("training", "desk"),
    ("serving", "score"),
    ("monitoring", None),
)


@pytest.fixture
def everything() -> Mapping[str, Preview]:
    """What each program of the full spec registers, by the program's key."""
    return {f"{layer}/{unit}" if unit else layer: collect(layer, unit) for layer, unit in PROGRAMS}
