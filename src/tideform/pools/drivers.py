"""Whether one machine image has the drivers for all of a pool's instance types. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tideform.diagnostics import Diagnostic
from tideform.pools.shape import PoolShape
from tideform.spec.problems import error_at

_SUMMARY = "The backend cannot run this capacity"


def driver_problems(
    path: str, shape: PoolShape, unfit: Collection[str], *, images: str, fix: str
) -> Iterator[Diagnostic]:
    """Types with and without accelerators in one pool, else those that are ``unfit`` for a backend's ``images``."""
    having = [kind.name for kind in shape.types if kind.accelerators]
    without = [kind.name for kind in shape.types if not kind.accelerators]
    if having and without:
        detail = f"{', '.join(having)} with accelerators and {', '.join(without)} without need different images."
        fix = "Keep types of one kind, and make a pool of the others."
        yield error_at("TD206", _SUMMARY, path, detail=detail, fix=fix)
    elif unfit:
        yield error_at("TD206", _SUMMARY, path, detail=f"{images} {', '.join(unfit)}.", fix=fix)
