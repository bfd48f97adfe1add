"""Compliance controls: one module each; frameworks and waivers refer to them by id."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from tideform.controls.base import Control
from tideform.registry.entries import load


@cache
def controls() -> Mapping[str, Control]:
    """Every control by its id, third parties' too. Raises `TideformError` where two have the same id."""
    return load("tideform.controls", "tideform.controls")


def known_controls() -> frozenset[str]:
    """The ids that frameworks and waivers may name."""
    return frozenset(controls())
