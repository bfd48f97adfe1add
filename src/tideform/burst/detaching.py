"""Which jobs may be left to the account, told before anything starts: nobody stays to do one thing after another."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.burst.sizing import sizing
from tideform.diagnostics import Diagnostic
from tideform.errors import RefusedError
from tideform.reaper.parts import has
from tideform.reaper.starting.base import ATTEMPTS
from tideform.spec.problems import error_at
from tideform.spec.training import Pool, Sweep


def require_detachable(name: str, pool: Pool, nodes: int) -> None:
    """``nodes`` machines work on each job.

    Raises `RefusedError` TD683 where the backend cannot begin jobs by itself, TD684 for a sweep that needs it.
    """
    if found := list(_refusals(name, pool, nodes)):
        raise RefusedError(found)


def remarks(pool: Pool, nodes: int) -> Iterator[str]:
    """What `burst run` does for a job of ``nodes`` machines only while it stays."""
    if pool.backend == "sagemaker":
        yield "Nobody goes down the ladder: the job asks for the first way of buying alone, and waits for it."
    if pool.backend == "ec2" and pool.capacity.spot != "never":
        yield (
            "Where EC2 takes a spot machine back, the reaper begins it anew on the next one, within five minutes and "
            f"{ATTEMPTS - 1} times at most. Nobody goes down the ladder for that one: it is bought as the lost one "
            "was, and waited for within the lease at most."
        )
    if pool.backend == "batch" and nodes > 1:
        yield "Nobody begins it again where a node other than the main one loses its machine: the burst is over then."


def _refusals(name: str, pool: Pool, nodes: int) -> Iterator[Diagnostic]:
    if not has(pool.backend, "starting"):
        yield cannot_be_left(name, pool.backend)
    if pool.job.sweep is not None and pool.job.sweep.size > 1:
        yield from _sweep(name, pool, pool.job.sweep, nodes)


def cannot_be_left(name: str, backend: str) -> Diagnostic:
    """TD683."""
    return error_at(
        "TD683",
        "A job on this backend cannot run detached",
        f"training.{name}.backend",
        detail=f"{name} is on {backend}: nothing in the account reaches the cluster, and would see that the job is "
        "over.",
        fix="Leave out --detach and keep the command running (tmux, nohup, a CI job), or use a pool of the backend "
        "batch, ec2 or sagemaker.",
    )


def _sweep(name: str, pool: Pool, sweep: Sweep, nodes: int) -> Iterator[Diagnostic]:
    """On Batch the pool bounds an array, and the rest of it waits; elsewhere all of it begins together."""
    size, at_once, room = sweep.size, sweep.at_once, sizing(pool).most_nodes // nodes
    wanted = min(size, room) if pool.backend == "batch" else size
    if at_once >= wanted and (pool.backend == "batch" or room >= size):
        return
    yield error_at(
        "TD684",
        "The sweep cannot run detached",
        f"training.{name}.job.sweep",
        detail=f"Nobody stays to begin one job after the other: {wanted} of the {size} would run together, and at_once "
        f"({at_once}) and the pool ({room}) allow {min(at_once, room)}.",
        fix=f"Write at_once: {wanted}, with as much room in the pool, make the grid smaller, or leave out --detach.",
    )
