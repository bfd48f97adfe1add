"""Whether one machine image has the drivers for all of a pool's instance types. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.diagnostics import Diagnostic
from tideform.pools.shape import PoolShape, is_nvidia
from tideform.prices.book import InstanceType
from tideform.spec.problems import error_at

_SUMMARY = "The backend cannot run this capacity"
# The drivers in AWS's machine images of today are for the T4 and later; they have none for AMD's and AWS's own.
# https://docs.aws.amazon.com/dlami/latest/devguide/appendix-ami-release-notes.html
# https://docs.aws.amazon.com/batch/latest/APIReference/API_Ec2Configuration.html
_TOO_OLD = ("p2", "p3", "g3")


def driver_problems(
    path: str, shape: PoolShape, *, images: str, fix: str, graviton: bool = True
) -> Iterator[Diagnostic]:
    """Types with and without accelerators in one pool, else those that a backend's ``images`` have no drivers for.

    ``graviton``: whether there are images for GPUs beside Graviton processors.
    """
    having = [kind for kind in shape.types if kind.accelerators]
    without = [kind.name for kind in shape.types if not kind.accelerators]
    unfit = [kind.name for kind in having if not _has_drivers(kind) or (kind.arch == "arm64" and not graviton)]
    if having and without:
        names = ", ".join(kind.name for kind in having)
        detail = f"{names} with accelerators and {', '.join(without)} without need different images."
        fix = "Keep types of one kind, and make a pool of the others."
        yield error_at("TD206", _SUMMARY, path, detail=detail, fix=fix)
    elif unfit:
        yield error_at("TD206", _SUMMARY, path, detail=f"{images} {', '.join(unfit)}.", fix=fix)


def _has_drivers(kind: InstanceType) -> bool:
    return is_nvidia([kind]) and not kind.family.startswith(_TOO_OLD)
