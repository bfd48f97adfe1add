"""Which jobs may be left to the account, told before anything starts: nobody stays to do one thing after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tideform.burst.sizing import sizing
from tideform.diagnostics import Diagnostic
from tideform.errors import RefusedError
from tideform.reaper.parts import has, having
from tideform.registry.training import features
from tideform.spec.problems import error_at
from tideform.spec.training import Pool, Sweep


def require_detachable(name: str, pool: Pool, nodes: int) -> None:
    """``nodes`` machines work on each job.

    Raises `RefusedError` TD683 where the backend cannot begin jobs by itself, TD684 for a sweep that needs it.
    """
    if found := list(_refusals(name, pool, nodes)):
        raise RefusedError(found)


def _refusals(name: str, pool: Pool, nodes: int) -> Iterator[Diagnostic]:
    if not has(pool.backend, "starting"):
        yield cannot_be_left(name, pool.backend)
    if pool.job.sweep is not None and pool.job.sweep.size > 1:
        yield from _sweep(name, pool, pool.job.sweep, nodes)


def cannot_be_left(name: str, backend: str) -> Diagnostic:
    """TD683."""
    others = _one_of(having("starting"))
    return error_at(
        "TD683",
        "A job on this backend cannot run detached",
        f"training.{name}.backend",
        detail=f"{name} is on {backend}: nothing in the account reaches the cluster, and would see that the job is "
        "over.",
        fix="Leave out --detach and keep the command running (tmux, nohup, a CI job), or use a pool of the backend "
        f"{others}.",
    )


def _one_of(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _sweep(name: str, pool: Pool, sweep: Sweep, nodes: int) -> Iterator[Diagnostic]:
    """Where the backend queues, the pool bounds a sweep, and the rest of it waits; else all of it begins together."""
    size, at_once, room = sweep.size, sweep.at_once, sizing(pool).most_nodes // nodes
    queued = features(pool.backend).queues_sweeps
    wanted = min(size, room) if queued else size
    if at_once >= wanted and (queued or room >= size):
        return
    yield error_at(
        "TD684",
        "The sweep cannot run detached",
        f"training.{name}.job.sweep",
        detail=f"Nobody stays to begin one job after the other: {wanted} of the {size} would run together, and at_once "
        f"({at_once}) and the pool ({room}) allow {min(at_once, room)}.",
        fix=f"Write at_once: {wanted}, with as much room in the pool, make the grid smaller, or leave out --detach.",
    )
