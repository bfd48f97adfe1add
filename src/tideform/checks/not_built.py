"""What a spec may ask for and this version does not make: said in every plan, never passed over. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tideform.components.kubernetes.names import IN_AN_EXISTING_CLUSTER
from tideform.diagnostics import Diagnostic, Severity
from tideform.pools.unattended import starter_key
from tideform.registry.training import backends, features, on_cluster
from tideform.spec.problems import problem
from tideform.spec.project import Project
from tideform.spec.serving import Endpoint
from tideform.spec.training import Pool


class NotBuilt(NamedTuple):
    """A place in the spec, and what does not happen for it."""

    path: str
    text: str


def not_built(project: Project) -> list[NotBuilt]:
    """Everything the spec asks for in vain, in the order of the spec."""
    found = [*_project(project)]
    for name, pool in project.training.items():
        found += _pool(f"training.{name}", pool)
    for name, endpoint in project.serving.items():
        found += _endpoint(f"serving.{name}", endpoint)
    return [*found, *_drift(project)]


def not_built_notes(project: Project, *, unit: str | None = None) -> tuple[Diagnostic, ...]:
    """The same as notes for plans and `validate`; with ``unit`` those of one pool or endpoint only."""
    return tuple(
        problem("TD230", f"{found.path}: {found.text}.", path=found.path, severity=Severity.NOTE)
        for found in not_built(project)
        if unit is None or found.path.split(".")[:2] in (["training", unit], ["serving", unit])
    )


def _project(project: Project) -> Iterator[NotBuilt]:
    if not project.network.private and project.network.existing is None:
        yield NotBuilt("network.private", "the network is private all the same; use network.existing for another")
    if project.cluster is not None and project.cluster.existing and on_cluster(project.training):
        text = f"the reaper bounds a burst there and is not terminal: {IN_AN_EXISTING_CLUSTER}"
        yield NotBuilt("cluster.existing", text)
    if project.cluster is not None and not on_cluster(project.training):
        yield NotBuilt("cluster", "no pool is on a cluster, so none is made and none is used")
    for name, store in project.storage.items():
        if store.retention and not store.versioned and not store.expire_after:
            yield NotBuilt(f"storage.{name}.retention", "the bucket keeps no old versions; versioning: true lets it")
        if store.remote in ("lakefs", "delta"):
            yield NotBuilt(f"storage.{name}.remote", f"the bucket is tagged for {store.remote}; no server is made")


def _pool(path: str, pool: Pool) -> Iterator[NotBuilt]:
    asked = {
        "schedule": (pool.schedule, "nothing starts the burst; let CI run `tideform burst run` for now"),
        "trigger": (pool.trigger, "nothing starts the burst"),
        "interconnect": (pool.interconnect == "efa", "the machines get no EFA adapters"),
        "capacity.reservations": (pool.capacity.reservations, "reservations are not used first"),
        "job.nodes": (pool.job.nodes > 1, "the job runs on one machine"),
        "job.sweep": (pool.job.sweep, "one job runs, without parameters"),
    }
    done = features(pool.backend).does
    for key, (given, text) in asked.items():
        if given and key not in done:
            yield NotBuilt(f"{path}.{key}", text)
    if (starter := starter_key(pool)) in done and pool.job.build:
        yield NotBuilt(f"{path}.{starter}", "what starts by itself runs job.image; nothing is built for it")
    if (backend := backends().get(pool.backend)) is not None:
        yield from (NotBuilt(f"{path}.{key}", text) for key, text in backend.without_effect(pool))


def _endpoint(path: str, endpoint: Endpoint) -> Iterator[NotBuilt]:
    if endpoint.scale.target_invocations and endpoint.scale.min == endpoint.scale.max:
        text = f"nothing scales between {endpoint.scale.min} and {endpoint.scale.max}; set max above min"
        yield NotBuilt(f"{path}.scale.target_invocations", text)
    if endpoint.rollout is not None and endpoint.rollout.shadow is not None:
        yield NotBuilt(f"{path}.rollout.shadow", "no traffic is copied to a shadow variant")


def _drift(project: Project) -> Iterator[NotBuilt]:
    drift = project.monitoring.drift
    if drift is None:
        return
    yield NotBuilt("monitoring.drift", f"traffic of {drift.endpoint} is not compared with {drift.baseline}")
    if drift.retrain is not None:
        yield NotBuilt("monitoring.drift.retrain", f"no drift starts a burst of {drift.retrain}")
