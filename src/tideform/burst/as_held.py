"""Pools as the lease table knows them: what a spec no longer names, or names elsewhere, is still found and ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tideform.burst.lease import PoolRecord
from tideform.burst.record import elsewhere
from tideform.diagnostics import Diagnostic, Severity
from tideform.pools.shape import shape_of
from tideform.prices.book import book
from tideform.reaper.pools import same_place
from tideform.registry.features import Features
from tideform.registry.training import backends, features
from tideform.spec.deployment import Deployment
from tideform.spec.project import Cluster
from tideform.spec.quantities import Count
from tideform.spec.training import Job, Pool

_NO_JOB = Job(image="none", command=("true",))  # of what is only looked at and ended


def as_held(deployment: Deployment, record: PoolRecord) -> Deployment:
    """The deployment with the pool where the table says that its capacity is; the same one where the spec says so too.

    Whether its definitions stay between bursts, and so where its jobs print to, is as the last burst had it; which
    machines there are, and so what they cost, as those who hold it have brought them.

    Every command that looks at a pool or ends it works on this one.
    """
    named = deployment.spec.training.get(record.pool)
    if not record.handle:
        return deployment
    if named is not None and _agrees(deployment, record):
        pool = named.model_copy(update={**_between(record), **_brought(record, named)})
        return deployment if pool == named else _with(deployment, record.pool, pool)
    changes = {"backend": record.handle["backend"], "instance_types": _types(record), **_between(record)}
    nothing = dict.fromkeys(("accelerator", "nodes", "schedule", "trigger"))
    pool = (named or Pool(job=_NO_JOB)).model_copy(update={**changes, **nothing, "interconnect": "none"})
    cluster = {"cluster": _cluster(deployment, record)} if _on(record).needs_cluster else {}
    return _with(deployment, record.pool, pool, **cluster)


def held_apart(deployment: Deployment, records: Iterable[PoolRecord]) -> Iterator[Diagnostic]:
    """TD621 and TD622 for pools that hold capacity, and that the spec has elsewhere or not at all."""
    for record in records:
        if not record.held:
            continue
        if record.pool not in deployment.spec.training:
            yield _gone(record)
        elif not _agrees(deployment, record):
            yield elsewhere(record, deployment.spec.training[record.pool].backend)


def moves(deployment: Deployment, record: PoolRecord) -> bool:
    """Whether an idle pool had its capacity in another place than the spec has it now."""
    return not record.held and record.pool in deployment.spec.training and not _agrees(deployment, record)


def _agrees(deployment: Deployment, record: PoolRecord) -> bool:
    backend = deployment.spec.training[record.pool].backend
    return same_place(record.handle, backends()[backend].handle(deployment, record.pool))


def _with(deployment: Deployment, name: str, pool: Pool, **others: Cluster) -> Deployment:
    update = {"training": {**deployment.spec.training, name: pool}, **others}
    return replace(deployment, spec=deployment.spec.model_copy(update=update))


def _between(record: PoolRecord) -> dict[str, str]:
    """Nothing where the handle is of a version that did not say it."""
    removes = record.handle.get("removes")
    return {"between_bursts": "remove" if removes else "keep"} if isinstance(removes, bool) else {}


def _brought(record: PoolRecord, named: Pool) -> dict[str, object]:
    """The types of machines, where the spec was edited under those who hold the pool; as many as it says now."""
    types, shape = _known(record), shape_of(named)
    if not record.held or not types or set(types) == set(shape.instance_types):
        return {}
    return {"instance_types": types, "accelerator": None, "nodes": Count(1, shape.nodes), "interconnect": "none"}


def _cluster(deployment: Deployment, record: PoolRecord) -> Cluster:
    """The one that the pool was on: a context of somebody's, or ours, whichever the spec names now."""
    named = deployment.spec.cluster or Cluster()
    return named.model_copy(update={"existing": record.handle.get("context") or None})


def _types(record: PoolRecord) -> tuple[str, ...]:
    """The machines that the pool could have, as far as there are prices; a pool without any is none."""
    return _known(record) or (("ml.m5.large",) if _on(record).ml_machines else ("m5.large",))


def _known(record: PoolRecord) -> tuple[str, ...]:
    prices = book().sagemaker() if _on(record).ml_machines else book()
    return tuple(kind for kind in sorted(record.prices) if prices.known(kind) is not None)


def _on(record: PoolRecord) -> Features:
    return features(str(record.handle["backend"]))


def _gone(record: PoolRecord) -> Diagnostic:
    return Diagnostic(
        "TD622",
        Severity.ERROR,
        "A pool that holds capacity is no longer in the spec",
        detail=f"{record.pool} is {record.state} and held by {record.holders}: without its definitions its "
        "capacity is harder to end, and under another name it would be another pool's.",
        fix=f"`tideform burst down {record.pool}` ends your bursts of it, with --all everybody's. If the pool has a "
        f"new name, say so: `moved: [{{from: training.{record.pool}, to: training.NEW}}]`.",
        path="training",
    )
