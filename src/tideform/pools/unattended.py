"""What a pool whose job starts by itself cannot do: nobody is there who would begin one thing after the other. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.diagnostics import Diagnostic, Severity
from tideform.pools.shape import PoolShape
from tideform.spec.problems import error_at
from tideform.spec.training import Pool


def starter_key(pool: Pool) -> str:
    """The key under which the pool says what starts its job by itself; empty where nothing does."""
    return "schedule" if pool.schedule else "trigger" if pool.trigger else ""


def sweep_at_once(path: str, pool: Pool, shape: PoolShape, how: str) -> Iterator[Diagnostic]:
    """A sweep has to begin as a whole; ``how`` its members run on the backend."""
    sweep = pool.job.sweep
    if sweep is None or not starter_key(pool):
        return
    room = min(sweep.at_once, shape.nodes // max(1, pool.job.nodes))
    if sweep.size > room:
        yield error_at(
            "TD680",
            "A sweep cannot start by itself so",
            f"{path}.job.sweep",
            detail=f"{how}, what starts them begins all {sweep.size} together, and at_once and the pool have room for "
            f"{room}.",
            fix=f"Give the pool room for {sweep.size} and write at_once: {sweep.size}, make the grid smaller, or use "
            "the backend batch.",
        )


def begun_late(path: str, pool: Pool) -> Iterator[Diagnostic]:
    """Nobody but the reaper, in its rounds, sees that a job has lost its machine, and begins it anew on another."""
    if (key := starter_key(pool)) and pool.capacity.spot != "never":
        yield Diagnostic(
            "TD682",
            Severity.NOTE,
            "A job that starts by itself waits for the reaper when it loses its machine",
            "Where EC2 takes a spot machine back the reaper begins the job anew on the next one, four times at most. "
            "That one waits for it, and costs, up to five minutes; `burst run` would begin the job at once. Nobody "
            "goes down the ladder for it: it is bought as the lost one was, and waited for within the lease at most.",
            "Give the job a checkpoint: to go on from, use capacity: {spot: never} where the minutes matter, or the "
            "backend batch, which tries again by itself.",
            path=f"{path}.{key}",
        )
