"""What moved between a saved plan and the same plan made now: each difference is a reason to refuse. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import RefusedError
from tideform.model.planned import Action, Plan
from tideform.plan.markers import decode
from tideform.plan.saved import Provenance, SavedPlan, SavedResource

if TYPE_CHECKING:
    from tideform.spec.deployment import Deployment

_SHOWN: Final = 10
_AGAIN: Final = "Run `tideform plan --out FILE` again, look at it, and apply that one."


def refuse_stale(saved: SavedPlan, now: Plan, provenance: Provenance) -> None:
    """Raise `RefusedError` with one diagnostic for each thing that moved since the plan was saved."""
    if found := list(moved(saved, now, provenance)):
        raise RefusedError(found)


def moved(saved: SavedPlan, now: Plan, provenance: Provenance) -> Iterator[Diagnostic]:
    """Everything that moved: the spec, the place, the tools, the states, and the plan itself.

    The commit is kept for the record and not compared: a merge changes it, and the spec's digest is what counts.
    """
    if elsewhere := _elsewhere(saved, now.project, now.environment, now.target, now.account, now.region):
        yield elsewhere
        return  # everything else differs, too, and says nothing more
    yield from _spec(saved, provenance)
    yield from _versions(saved.versions, provenance.versions)
    yield from _states(saved.states, provenance.states)
    yield from _first(list(_resources(saved, now)))
    yield from _first(list(_outputs(saved, now)))
    yield from _findings(saved, now)


def _spec(saved: SavedPlan, provenance: Provenance) -> Iterator[Diagnostic]:
    if saved.spec_digest != provenance.spec_digest:
        was, is_ = saved.spec_digest[:12], provenance.spec_digest[:12]
        yield _stale("TD311", "The spec changed since the plan was saved", f"its digest was {was}, now {is_}")


def refuse_elsewhere(saved: SavedPlan, to: Deployment) -> None:
    """Raise `RefusedError` TD315 for a plan of another project or place, before anything is planned."""
    if found := _elsewhere(saved, to.spec.project, to.environment, to.target, to.account, to.region):
        raise RefusedError(found)


def _elsewhere(saved: SavedPlan, *here: str) -> Diagnostic | None:
    names = ("project", "environment", "target", "account", "region")
    pairs = [(name, getattr(saved, name), is_) for name, is_ in zip(names, here, strict=True)]
    other = "; ".join(f"{name} was {was}, now {is_}" for name, was, is_ in pairs if was != is_)
    return _stale("TD315", "The plan was saved for another place", other) if other else None


def _versions(was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Diagnostic]:
    for name in sorted({*was, *now}):
        one, other = was.get(name, "absent"), now.get(name, "absent")
        if one != other:
            yield _stale("TD313", "A version changed since the plan was saved", f"{name} was {one}, now {other}")


def _states(was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Diagnostic]:
    for key in sorted({*was, *now}):
        if was.get(key, "") != now.get(key, ""):
            yield _stale("TD312", "A stack was changed since the plan was saved", f"{key} has another state now")


def _resources(saved: SavedPlan, now: Plan) -> Iterator[Diagnostic]:
    # One that goes and one that comes may have one address: they are two.
    was = {(r.program, r.type, r.name, r.action is Action.DELETE): r for r in saved.resources}
    is_ = {(r.program, r.type, r.name, r.action is Action.DELETE): r for r in now.resources}
    for key in sorted({*was, *is_}):
        one = was.get(key)
        other = SavedResource.of(is_[key]) if key in is_ else None
        address = is_[key].address if key in is_ else ".".join(key[:3])
        for difference in _differences(one, other):
            yield _stale("TD314", "The plan would be another one now", f"{address}: {difference}")


def _differences(was: SavedResource | None, now: SavedResource | None) -> Iterator[str]:
    planned = was.action if was else Action.NO_OP
    would = now.action if now else Action.NO_OP
    if planned is not would:
        yield f"planned was {planned}, now it would be {would}"
    elif was and now:
        for place, one, other in zip(("before", "after"), was.values(), now.values(), strict=True):
            yield from (f"{name}, as it is {place}, differs" for name in _keys(one, other))


def _keys(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [k for k in sorted({*was, *now}) if was.get(k) != now.get(k)]


def _outputs(saved: SavedPlan, now: Plan) -> Iterator[Diagnostic]:
    was = {f"{o.program}.{o.name}": decode(o.after) for o in saved.outputs}
    is_ = {f"{o.program}.{o.name}": o.after for o in now.outputs}
    for name in _keys(was, is_):
        yield _stale("TD314", "The plan would be another one now", f"output {name} differs")


def _first(found: list[Diagnostic]) -> Iterator[Diagnostic]:
    """The first differences, and how many more there are: nobody reads hundreds, and one is enough to refuse."""
    yield from found[:_SHOWN]
    if len(found) > _SHOWN:
        yield _stale(found[0].code, found[0].summary, f"and {len(found) - _SHOWN} more differences of this kind")


def _findings(saved: SavedPlan, now: Plan) -> Iterator[Diagnostic]:
    known = {(f.code, f.detail) for f in saved.findings}
    for finding in now.findings:
        if (finding.code, finding.detail) not in known:
            what = f"{finding.code} {finding.summary}: {finding.detail}"
            yield _stale("TD316", "The review finds something that it did not find then", what)


def _stale(code: str, summary: str, detail: str) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, summary, detail=detail, fix=_AGAIN)
