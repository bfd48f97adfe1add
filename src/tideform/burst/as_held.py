"""Pools as the lease table knows them: what a spec no longer names, or names elsewhere, is still found and ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tideform.burst.lease import PoolRecord
from tideform.burst.reaper.pools import same_place
from tideform.burst.record import elsewhere
from tideform.catalogue.training.base import backends
from tideform.diagnostics import Diagnostic, Severity
from tideform.prices.book import book
from tideform.spec.deployment import Deployment
from tideform.spec.project import Cluster
from tideform.spec.training import Job, Pool

_NO_JOB = Job(image="none", command=("true",))  # of what is only looked at and ended


def as_held(deployment: Deployment, record: PoolRecord) -> Deployment:
    """The deployment with the pool where the table says that its capacity is; the same one where the spec says so too.

    Every command that looks at a pool or ends it works on this one.
    """
    named = deployment.spec.training.get(record.pool)
    if not record.handle or (named is not None and _agrees(deployment, record)):
        return deployment
    changes = {"backend": record.handle["backend"], "instance_types": _types(record)}
    nothing = dict.fromkeys(("accelerator", "nodes", "schedule", "trigger"))
    pool = (named or Pool(job=_NO_JOB)).model_copy(update={**changes, **nothing})
    own = {"training": {**deployment.spec.training, record.pool: pool}}
    cluster = {"cluster": Cluster(existing=record.handle["context"])} if record.handle.get("context") else {}
    return replace(deployment, spec=deployment.spec.model_copy(update={**own, **cluster}))


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


def _types(record: PoolRecord) -> tuple[str, ...]:
    """The machines that the pool could have, as far as there are prices; a pool without any is none."""
    of_sagemaker = record.handle["backend"] == "sagemaker"
    known = (book().sagemaker() if of_sagemaker else book()).instances
    found = tuple(kind for kind in sorted(record.prices) if kind in known)
    return found or (("ml.m5.large",) if of_sagemaker else ("m5.large",))


def _gone(record: PoolRecord) -> Diagnostic:
    return Diagnostic(
        "TD622",
        Severity.ERROR,
        "A pool that holds capacity is no longer in the spec",
        detail=f"{record.pool} is {record.state} and held by {len(record.leases)} lease(s): without its definitions "
        "its capacity is harder to end, and under another name it would be another pool's.",
        fix=f"`tideform burst down {record.pool} --all` ends it. If the pool has a new name, say so: "
        f"`moved: [{{from: training.{record.pool}, to: training.NEW}}]`.",
        path="training",
    )
