"""From a deployment to its plan: preview every program in order, then review and price what was found.

This is the third of the five hops. It changes nothing: no lock, no state, no capacity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tideform.burst.applied import removed_between_bursts
from tideform.checks.not_built import not_built_notes
from tideform.diagnostics import Diagnostic
from tideform.model.engine import Preview, Program
from tideform.model.planned import Deferred, Dormant, OutputChange, Outputs, Plan, PlannedResource, PriceLine
from tideform.model.programs import parse_key, programs
from tideform.operations.astray import refuse_astray
from tideform.operations.by_itself import Inert, standing_inert
from tideform.operations.code_notes import left_notes
from tideform.operations.existing_network import network_findings
from tideform.operations.leases import lease_findings
from tideform.operations.left_behind import left_findings, left_findings_offline
from tideform.operations.walk import raise_all, walk
from tideform.plan.cost import cost_findings, price
from tideform.plan.deferred import deferred_units, standing_on_nothing, standing_without_a_model
from tideform.plan.losses import losses
from tideform.plan.pools import pool_choices
from tideform.plan.review import review
from tideform.plan.stages import REMOVAL_ORDER, Stage, stages
from tideform.pools.worst_case import worst_case_text

if TYPE_CHECKING:
    from tideform.engine.pulumi import PulumiEngine
    from tideform.spec.deployment import Deployment
    from tideform.state.backend import Backend

OnPhase = Callable[[str], None]  # told which program is being previewed


@dataclass(frozen=True)
class Planned:
    """A plan, and the previews that it was made of, by program key."""

    plan: Plan
    previews: Mapping[str, Preview]
    upstream: Mapping[str, Outputs]
    delete_data: tuple[str, ...] = ()  # stores whose data may be lost


def make_plan(
    deployment: Deployment,
    *,
    offline: bool = False,
    refresh: bool = False,
    unit: str | None = None,
    full_pool: str | None = None,
    destroy: bool = False,
    delete_data: tuple[str, ...] = (),
    on_phase: OnPhase = lambda _: None,
    engine: PulumiEngine | None = None,
) -> Planned:
    """Plan the deployment, live on the engine or `offline` without it.

    ``unit`` limits the plan to one pool or endpoint (what it reads is taken from what stands); ``full_pool`` plans
    a dormant pool as if a burst began; a run that holds the lock gives its ``engine``. Raises `EngineError`,
    `RefusedError` (wrong account; what it would make stands already), `SandboxError`.
    """
    acting = engine is not None
    engine = None if offline else engine or _engine(deployment)
    chosen = _Choice.for_removal(engine, unit) if destroy else _Choice.of(deployment, engine, unit, full_pool)
    inert = Inert() if destroy else standing_inert(deployment, engine, unit)
    previews = _preview_all(deployment, engine, chosen, lambda key: refresh or key in inert.made_by, on_phase)
    if engine is not None and not destroy:
        refuse_astray(deployment, previews.values())
    dormant = _dormant(deployment, chosen)
    judged = tuple(r for p in (*previews.values(), *dormant.values()) for r in p.resources)
    prices = price(judged, deployment)
    resources = _sorted(previews.values())
    plan = Plan(
        **_place(deployment),
        offline=offline,
        resources=resources,
        outputs=tuple(_output_changes(previews)),
        deferred=chosen.deferred,
        dormant=tuple(_dormant_line(deployment, key, preview) for key, preview in dormant.items()),
        pools=() if destroy else pool_choices(deployment, unit=unit),
        removed_programs=tuple(p.key for p in chosen.removed),
        findings=()
        if destroy
        else inert.findings
        + _findings(deployment, chosen, judged, prices, unit, engine, acting=acting)
        + losses(deployment, resources, delete_data),
        prices=prices,
        refreshed=tuple(r for p in previews.values() for r in p.drift),
        meta=_meta(deployment, previews, refresh),
    )
    return Planned(plan, previews, {key: p.outputs for key, p in previews.items()}, delete_data)


def _place(deployment: Deployment) -> dict[str, Any]:
    return {
        "project": deployment.spec.project,
        "environment": deployment.environment,
        "target": deployment.target,
        "account": deployment.account,
        "region": deployment.region,
    }


def _findings(
    deployment: Deployment,
    chosen: _Choice,
    judged: tuple[PlannedResource, ...],
    prices: tuple[PriceLine, ...],
    unit: str | None,
    engine: PulumiEngine | None,
    *,
    acting: bool,
) -> tuple[Diagnostic, ...]:
    return (
        *standing_without_a_model(chosen.deferred, chosen.standing),
        *(standing_on_nothing(chosen.up, chosen.standing) if engine and unit else ()),
        *(lease_findings(deployment, engine, judged, chosen.touched, unit=unit, acting=acting) if engine else ()),
        *(left_findings(deployment, engine, brings=True) if engine else left_findings_offline(deployment)),
        *(network_findings(deployment) if engine else ()),
        *review(judged, deployment, partial=unit is not None),
        *cost_findings(prices, deployment),
        *not_built_notes(deployment.spec, unit=unit),
        *left_notes(deployment, unit=unit),
    )


def _meta(deployment: Deployment, previews: Mapping[str, Preview], refresh: bool) -> dict[str, Any]:
    return {
        "not_emulated": sorted({n for p in previews.values() for n in p.not_emulated}),
        "read_back": refresh,
        "chosen": _chosen(deployment),
    }


def _chosen(deployment: Deployment) -> frozenset[str]:
    """The values that the spec gives, as text; numbers below ten are too common to tell anything."""

    def leaves(value: object) -> Iterable[str]:
        if isinstance(value, Mapping):
            return (leaf for inner in value.values() for leaf in leaves(inner))
        if isinstance(value, list | tuple):
            return (leaf for inner in value for leaf in leaves(inner))
        return () if value is None or isinstance(value, bool) or len(str(value)) < 2 else (str(value),)

    said = deployment.spec.model_dump(
        mode="json", exclude_defaults=True, exclude={"environments", "project", "owner", "region"}
    )
    return frozenset(leaves(said))


def stages_of(deployment: Deployment, planned: Planned) -> tuple[Stage, ...]:
    """The stages of a plan, as `execute` walks them and the plan's JSON lists them."""
    removed = set(planned.plan.removed_programs)
    return stages(
        [parse_key(deployment, key) for key in planned.previews if key not in removed],
        [parse_key(deployment, key) for key in sorted(removed)],
    )


def stages_ahead(deployment: Deployment, backend: Backend, *, unit: str | None = None) -> tuple[Stage, ...]:
    """The stages that an apply would walk now, without previewing anything: what `explain` prints."""
    chosen = _Choice.of(deployment, backend, unit, None)
    return stages(chosen.up, chosen.removed)


@dataclass(frozen=True)
class _Choice:
    """Which programs a plan is about: to bring up, to remove, dormant, deferred, and those only read."""

    up: tuple[Program, ...]
    removed: tuple[Program, ...]
    dormant: tuple[Program, ...]
    deferred: tuple[Deferred, ...]
    standing: tuple[Program, ...]

    @classmethod
    def of(
        cls, deployment: Deployment, engine: PulumiEngine | Backend | None, unit: str | None, full_pool: str | None
    ) -> _Choice:
        declared = programs(deployment)
        deferred = {d.program: d for d in deferred_units(deployment)}
        dormant = {p.key for p in declared if _sleeps(deployment, p, full_pool)}
        existing = engine.existing() if engine else ()
        wanted = [p for p in declared if p.key not in deferred and p.key not in dormant]
        gone = [p for p in existing if p.stack not in {d.stack for d in declared if d.layer == p.layer}]
        gone += [p for p in existing if p.key in dormant and _was_kept(deployment, p)]
        if unit is not None:
            wanted = [p for p in wanted if p.unit == unit]
            gone = [p for p in gone if p.unit == unit]
        return cls(
            up=tuple(wanted),
            removed=tuple(gone),
            dormant=tuple(p for p in declared if p.key in dormant and unit in (None, p.unit)),
            deferred=tuple(d for key, d in deferred.items() if unit in (None, key.split("/")[-1])),
            standing=tuple(p for p in existing if p.key not in {w.key for w in wanted}),
        )

    @property
    def touched(self) -> tuple[Program, ...]:
        """What the plan changes, or takes away."""
        return self.up + self.removed

    @classmethod
    def for_removal(cls, engine: PulumiEngine | None, unit: str | None) -> _Choice:
        """Everything that stands goes, whether the spec still names it or not, and whatever an apply would put off."""
        standing = engine.existing() if engine else ()
        return cls((), tuple(p for p in standing if unit in (None, p.unit)), (), (), ())


def _engine(deployment: Deployment) -> PulumiEngine:
    from tideform.engine.connect import connect_engine

    return connect_engine(deployment)


def _sleeps(deployment: Deployment, program: Program, full_pool: str | None) -> bool:
    if program.layer != "training" or program.unit is None or program.unit == full_pool:
        return False
    return deployment.spec.training[program.unit].between_bursts == "remove"


def _was_kept(deployment: Deployment, program: Program) -> bool:
    """Whether what stands of a dormant pool was to stay: a burst's own goes with the burst, and not by a plan."""
    return program.unit is not None and removed_between_bursts(deployment, program.unit) is False


def _preview_all(
    deployment: Deployment,
    engine: PulumiEngine | None,
    chosen: _Choice,
    refresh: Callable[[str], bool],  # whether to read back what stands of the program with this key
    on_phase: OnPhase,
) -> dict[str, Preview]:
    from tideform.engine.offline import OfflineCollector

    offline = OfflineCollector(deployment)
    if engine is not None:
        _refuse_taken(engine, chosen.dormant)
    by_key = {p.key: p for p in chosen.up}
    upstream: dict[str, Outputs] = {p.key: engine.outputs(p) for p in chosen.standing} if engine else {}

    def work(key: str) -> Preview:
        on_phase(key)
        of = by_key[key]
        found = engine.preview(of, upstream, refresh=refresh(key)) if engine else offline.preview(of, upstream)
        upstream[key] = found.outputs
        return found

    done, failed = walk({p.key: p.reads for p in chosen.up}, work, workers=None if engine else 1)
    raise_all(failed)
    if engine is not None:
        removals = {p.key: p for p in chosen.removed}
        gone, failed = walk(dict.fromkeys(removals, ()), lambda key: engine.preview(removals[key], {}, destroy=True))
        raise_all(failed)
        done |= gone
    return dict(sorted(done.items()))


def _refuse_taken(engine: PulumiEngine, asleep: Iterable[Program]) -> None:
    """Raise `RefusedError` TD421 for a pool that no preview looks at and whose stack is another's."""
    for program in asleep:
        engine.checkpoint(program)


def _dormant(deployment: Deployment, chosen: _Choice) -> dict[str, Preview]:
    from tideform.engine.offline import OfflineCollector

    collector = OfflineCollector(deployment)
    return {p.key: collector.preview(p, {}) for p in chosen.dormant}


def _dormant_line(deployment: Deployment, key: str, preview: Preview) -> Dormant:
    pool = key.split("/")[-1]
    return Dormant(key, worst_case_text(deployment, pool), len(preview.resources))


def _sorted(previews: Iterable[Preview]) -> tuple[PlannedResource, ...]:
    found = [r for p in previews for r in p.resources]
    order = {layer: place for place, layer in enumerate(reversed(REMOVAL_ORDER))}
    return tuple(sorted(found, key=lambda r: (order[r.program.split("/")[0]], r.address)))


def _output_changes(previews: Mapping[str, Preview]) -> Iterable[OutputChange]:
    for key, preview in previews.items():
        for name in sorted({*preview.before_outputs, *preview.outputs}):
            change = OutputChange(key, name, preview.before_outputs.get(name), preview.outputs.get(name))
            yield change
