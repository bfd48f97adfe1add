"""Whether a job has room in its pool. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.diagnostics import Diagnostic
from tideform.pools.shape import shape_of
from tideform.spec.problems import problem
from tideform.spec.training import Pool
from tideform.words import counted


def job_too_large(path: str, pool: Pool, nodes: int) -> Iterator[Diagnostic]:
    """A job of more machines than the pool's bound, which its worst case is reckoned with."""
    most = shape_of(pool).nodes
    if nodes > most:
        detail = f"The job wants {counted(nodes, 'machine')}, and the pool has {most} at most: it would wait for ever."
        fix = "Raise accelerator.count." if pool.accelerator else f"Write nodes: {nodes} in the pool."
        yield problem("TD159", detail, fix=fix, path=path)
