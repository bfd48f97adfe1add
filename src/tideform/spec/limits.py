"""Settings that bound each other: leases, schedules, retention. A limit that cannot hold is no limit."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.diagnostics import Diagnostic
from tideform.spec.nodes import Path
from tideform.spec.quantities import Duration
from tideform.spec.subject import Subject
from tideform.spec.training import Pool

LONGEST_LEASE = Duration.parse("7d")  # a forgotten burst ends within a week, whatever else fails


def limits(subject: Subject) -> Iterator[Diagnostic]:
    """What contradicts itself in pools, stores and what watches them; what a backend bounds, it says itself."""
    for name, pool in subject.spec.training.items():
        yield from _machines(subject, ("training", name), pool)
        yield from _times(subject, ("training", name), pool)
        yield from _purchase(subject, ("training", name), pool)
    budget = subject.spec.budget
    if budget is not None and not budget.monthly.usd:
        fix = "Give an amount, or remove the budget."
        yield subject.problem("TD146", ("budget", "monthly"), "With 0 USD nothing can be made.", fix=fix)
    yield from _stores(subject)
    yield from _unheld(subject)
    yield from _drift(subject)


def _machines(subject: Subject, path: Path, pool: Pool) -> Iterator[Diagnostic]:
    if pool.accelerator and pool.instance_types:
        detail = "accelerator and instance_types both say which machines to use."
        yield subject.problem("TD140", (*path, "instance_types"), detail, fix="Keep one of them.", key=True)
    if pool.accelerator and pool.nodes:
        detail = "nodes counts machines given by instance_types; with accelerator its count decides."
        yield subject.problem("TD140", (*path, "nodes"), detail, fix="Use accelerator.count.", key=True)


def _times(subject: Subject, path: Path, pool: Pool) -> Iterator[Diagnostic]:
    if pool.lease > LONGEST_LEASE:
        detail = f"A lease of {pool.lease} is longer than {LONGEST_LEASE}; it bounds what a forgotten burst costs."
        yield subject.problem("TD141", (*path, "lease"), detail, fix="Checkpoint, and run several bursts.")
    idle = subject.given((*path, "idle_timeout"))
    if idle and pool.idle_timeout >= pool.lease:
        detail = f"The lease of {pool.lease} ends before {pool.idle_timeout} of idling can."
        yield subject.problem("TD140", (*path, "idle_timeout"), detail, fix="Make it shorter than the lease.")
    if pool.checkpoint and pool.checkpoint.every >= pool.lease:
        detail = f"With a checkpoint every {pool.checkpoint.every} a lease of {pool.lease} ends before the first."
        where = (*path, "checkpoint", "every")
        yield subject.problem("TD140", where, detail, fix="Save more often, or lease longer.")


def _purchase(subject: Subject, path: Path, pool: Pool) -> Iterator[Diagnostic]:
    if pool.max_cost is not None and not pool.max_cost.usd:
        fix = "Give an amount, or remove the key."
        yield subject.problem("TD146", (*path, "max_cost"), "With 0 USD no burst can begin.", fix=fix)
    fallback = (*path, "capacity", "fallback")
    if pool.capacity.spot == "only" and pool.capacity.fallback == "on_demand" and subject.given(fallback):
        detail = "spot: only allows nothing else, and fallback: on_demand wants something else."
        yield subject.problem("TD140", fallback, detail, fix="Use spot: prefer, or remove the fallback.")


def _stores(subject: Subject) -> Iterator[Diagnostic]:
    for name, store in subject.spec.storage.items():
        if store.retention and store.expire_after and store.expire_after < store.retention:
            detail = f"Objects are to be kept for {store.retention} and deleted after {store.expire_after}."
            fix = "Expire later than the retention, or drop one of the two."
            yield subject.problem("TD140", ("storage", name, "expire_after"), detail, fix=fix)


def _unheld(subject: Subject) -> Iterator[Diagnostic]:
    grace = subject.spec.limits.unheld_grace
    if not 300 <= grace.seconds <= 86400:
        detail = f"The reaper looks every five minutes, and what nobody holds goes within a day, not after {grace}."
        yield subject.problem("TD105", ("limits", "unheld_grace"), detail, fix="Use 5m to 1d.")


def _drift(subject: Subject) -> Iterator[Diagnostic]:
    drift = subject.spec.monitoring.drift
    if drift and not 3600 <= drift.every.seconds <= 86400:
        detail = f"A drift monitor runs from every hour to once a day, not every {drift.every}."
        yield subject.problem("TD105", ("monitoring", "drift", "every"), detail, fix="Use 1h to 24h.")
