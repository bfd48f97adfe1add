"""What a pool's words mean together: settings that would lose work, or do nothing."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.diagnostics import Diagnostic, Severity
from tideform.pools.purchase import on_demand_only
from tideform.pools.zones import in_one_zone
from tideform.registry.training import backends
from tideform.spec.limits import LONGEST_LEASE
from tideform.spec.nodes import Path
from tideform.spec.quantities import Duration
from tideform.spec.subject import Subject
from tideform.spec.training import Pool, Trigger

MOST_JOBS = 10_000  # of an array; https://docs.aws.amazon.com/batch/latest/userguide/array_jobs.html
_HOURS = Duration.parse("2h")  # from here on the work that a reclaim takes is worth a word


def pool_words(subject: Subject) -> Iterator[Diagnostic]:
    """What no single field can tell; what a backend bounds, it says itself."""
    for name, pool in subject.spec.training.items():
        path: Path = ("training", name)
        yield from _of_other_backends(subject, path, pool)
        yield from _bought(subject, path, pool)
        yield from _lost_work(subject, path, pool)
        yield from _sweep(subject, path, pool)
        yield from _zones(subject, path, pool)
        yield from _by_itself(subject, path, pool)


def _of_other_backends(subject: Subject, path: Path, pool: Pool) -> Iterator[Diagnostic]:
    owners = [(key, owner) for owner, entry in backends().items() for key in entry.features.own_keys]
    for key, backend in owners:
        if getattr(pool, key) is not None and pool.backend != backend:
            detail = f"{key} is for the backend {backend}, and this pool's is {pool.backend}: it would do nothing."
            fix = f"Remove it, or write backend: {backend}."
            yield subject.problem("TD155", (*path, key), detail, fix=fix, key=True)


def _bought(subject: Subject, path: Path, pool: Pool) -> Iterator[Diagnostic]:
    capacity = pool.capacity
    for key, what in (("blocks", "A capacity block"), ("reservations", "A reservation")):
        if getattr(capacity, key) and capacity.spot == "only":
            detail = (
                f"{what} is not of spot capacity, and spot: only never asks for any other; it is paid all the same."
            )
            fix = f"Use spot: prefer or never, or remove the {key}."
            yield subject.problem("TD157", (*path, "capacity", key), detail, fix=fix, key=True)
    for twice in sorted({one for one in capacity.reserved if capacity.reserved.count(one) > 1}):
        key = "blocks" if twice in capacity.blocks else "reservations"
        detail = f"{twice} is named twice, and it can be used up once."
        yield subject.problem("TD140", (*path, "capacity", key), detail, fix="Name it once.", key=True)


def _lost_work(subject: Subject, path: Path, pool: Pool) -> Iterator[Diagnostic]:
    """A pool that says neither how long nor on what is left in peace: the defaults are no statement about the job."""
    said = [where for key in ("lease", "capacity") if subject.given(where := (*path, key))]
    may_be_spot = pool.capacity.spot != "never" and not on_demand_only(pool)
    if said and pool.checkpoint is None and may_be_spot and _HOURS <= pool.lease <= LONGEST_LEASE:
        detail = (
            f"Spot machines are taken back at two minutes' notice, and up to {pool.lease} of work would begin anew."
        )
        fix = "Add checkpoint: {every: 10m}, or use capacity: {spot: never}."
        yield subject.problem("TD153", said[0], detail, fix=fix, severity=Severity.WARNING)


def _sweep(subject: Subject, path: Path, pool: Pool) -> Iterator[Diagnostic]:
    sweep = pool.job.sweep
    if sweep is None:
        return
    if sweep.size > MOST_JOBS:
        detail = f"The grid makes {sweep.size:,} jobs; {MOST_JOBS:,} is the most that one sweep may have."
        yield subject.problem("TD149", (*path, "job", "sweep", "grid"), detail, fix="Give fewer values.", key=True)
    for name in sorted(set(sweep.grid) & set(pool.job.environment)):
        detail = f"{name} has one value in environment and several in the sweep's grid."
        where = (*path, "job", "environment", name)
        yield subject.problem("TD140", where, detail, fix="Keep one of them.", key=True)
    if pool.job.nodes > 1:
        detail = f"Each job of a sweep runs on one machine, and nodes asks for {pool.job.nodes}."
        yield subject.problem("TD140", (*path, "job", "nodes"), detail, fix="Remove nodes, or the sweep.")


def _zones(subject: Subject, path: Path, pool: Pool) -> Iterator[Diagnostic]:
    """AWS puts a placement group, and EFA's traffic, into one zone."""
    network = subject.spec.network
    if pool.zones and network.existing is not None:
        detail = "In an existing network its subnets say which zones there are."
        yield subject.problem("TD140", (*path, "zones"), detail, fix="Choose subnets in network.subnets.", key=True)
        return
    if not in_one_zone(pool):
        return
    why = ("interconnect",) if pool.interconnect == "efa" else ("job", "nodes")
    if len(pool.zones) > 1:
        detail = f"Nodes that work together have to be close, and {len(pool.zones)} zones are given."
        yield subject.problem("TD148", (*path, "zones"), detail, fix=f"Keep one: zones: [{pool.zones[0]}].", key=True)
    elif not pool.zones and (network.zone_count > 1 or network.existing is not None):
        detail = "Nodes that work together have to be close: all of them come from the network's first zone alone."
        fix = "Say which zone has the machines, such as zones: [a]."
        if network.existing is not None:
            if len(network.subnets) == 1:
                return
            fix = "Keep one subnet in network.subnets."
        yield subject.problem("TD148", (*path, *why), detail, fix=fix, severity=Severity.WARNING)


def _by_itself(subject: Subject, path: Path, pool: Pool) -> Iterator[Diagnostic]:
    for key in ("schedule", "trigger"):
        if getattr(pool, key) is not None and pool.between_bursts == "remove":
            detail = f"A {key} starts the job from within the account, and between bursts this pool is not there."
            yield subject.problem("TD158", (*path, key), detail, fix="Use between_bursts: keep.", key=True)
    if pool.trigger is not None and pool.trigger.store in pool.job.outputs:
        yield _starts_itself(subject, (*path, "trigger"), pool.trigger)


def _starts_itself(subject: Subject, path: Path, trigger: Trigger) -> Diagnostic:
    """A circle of bursts costs money for ever; with a prefix the job may well write elsewhere."""
    detail = f"The job writes to {trigger.store}, and an object that arrives there starts it."
    fix = "Let it write to another store."
    if not trigger.prefix:
        return subject.problem("TD173", (*path, "store"), detail, fix=fix)
    fix = f"Let it write to another store, or see that it writes nothing below {trigger.prefix!r}."
    return subject.problem("TD173", (*path, "store"), detail, fix=fix, severity=Severity.WARNING)
