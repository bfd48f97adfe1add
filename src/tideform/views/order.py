"""The order in which plans are shown: the layers as they are built, then units and resources by name."""

from __future__ import annotations

from collections.abc import Iterable

from tideform.model.engine import LAYERS
from tideform.model.planned import PlannedResource


def program_order(key: str) -> tuple[int, str]:
    """Sorts program keys (``training/nightly``) by layer and then by unit."""
    layer = key.split("/", 1)[0]
    return (LAYERS.index(layer) if layer in LAYERS else len(LAYERS), key)


def in_order(resources: Iterable[PlannedResource]) -> list[PlannedResource]:
    """Resources by program, type and name: engines report them in an order of their own."""
    return sorted(resources, key=lambda r: (program_order(r.program), r.type, r.name, r.urn))
