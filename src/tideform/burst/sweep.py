"""The pool's sweep as work: one job for every combination of its grid."""

from __future__ import annotations

from dataclasses import replace

from tideform.burst.runner import Work
from tideform.components.jobs.command import grid_variables
from tideform.spec.training import Pool


def with_sweep(work: Work, pool: Pool) -> Work:
    """The work for each combination of the pool's grid; as it is where the pool has none."""
    sweep = pool.job.sweep
    return work if sweep is None else replace(work, array=grid_variables(sweep.grid), at_once=sweep.at_once)
