"""What the last apply has made of the reaper and of each pool, and told of pools to the reaper; edits change nothing.

Definitions that stand are somebody's until an apply, with its plan, has said that they go; and machines come as those
say, whatever was announced.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final

from tideform.components.reaper.plan import REAPER, SCHEDULE_ROLE, reaper_name
from tideform.components.scope import Scope
from tideform.errors import RefusedError
from tideform.pools.applied_with import APPLIED_WITH, applied_with
from tideform.reaper.dry_run import HANDLES
from tideform.registry.training import backends
from tideform.spec.deployment import Deployment

_FUNCTION: Final = "aws:lambda/function:Function"
_REAPER: Final = "tideform:components:Reaper"
_WORDS: Final = {True: "remove", False: "keep"}


def functions(deployment: Deployment, name: str) -> Iterator[Mapping[str, Any]]:
    """The function of that name as foundation's state has it, with its code.

    An entry without code was found standing, and nobody knows whose that is: it is left out.
    """
    for resource in _foundation(deployment):
        put = resource["type"] == _FUNCTION and "code" in resource.get("inputs", {})
        if put and resource.get("outputs", {}).get("name") == name:
            yield resource


def made(deployment: Deployment) -> Mapping[str, Mapping[str, str]]:
    """The reaper's policies and variables as `components.reaper.plan.as_made` has them; empty where no state tells.

    Raises `CloudError` TD415 where the state cannot be read.
    """
    for resource in _foundation(deployment):
        if resource["type"] == _REAPER and (found := resource.get("outputs")):
            with _legible(deployment):
                return _as_made(found)
    return {}


def removed_between_bursts(deployment: Deployment, pool: str) -> bool | None:
    """Whether the pool's definitions go with its last burst, as it was applied.

    None: nobody knows, since the state has no such pool, or not yet what this version would tell of it. Raises
    `CloudError` TD415 where it cannot be read.
    """
    for told in _told(deployment):
        found = told.get(deployment.identity("training", pool)) or {}
        if isinstance(removes := found.get("removes"), bool):
            return removes
    return None


def require_applied(deployment: Deployment, pool: str, up: Callable[[], bool]) -> None:
    """Raise `RefusedError` TD603 where the spec has the pool otherwise than it was applied.

    A burst would make, or end with, other definitions than those that stand and that somebody has agreed to; or bring
    other machines, at another price, than it announces. Where no state tells of reaper or pool nothing is refused here:
    the brakes are asked, too, and who looks for the pool finds none.

    ``up`` tells whether somebody holds the pool's capacity. Of a pool that stands during bursts only it is asked, as
    what stands is made by bursts: by the one that holds it, or by the next one, as the spec says then. Raises TD421
    where the pool's stack is another's.
    """
    wanted = json.loads(json.dumps(backends()[deployment.spec.training[pool].backend].handle(deployment, pool)))
    for told in _told(deployment):
        _refuse(pool, _otherwise(told.get(deployment.identity("training", pool)), wanted))
    why = _made_otherwise(deployment, pool)
    if deployment.spec.training[pool].between_bursts != "remove":
        _refuse(pool, why)
    elif why and up():
        _refuse(pool, why, f"Wait until that burst is over, or end it: `tideform burst down {pool} --all`.")


def _refuse(pool: str, why: str, fix: str = "Run `tideform apply` first.") -> None:
    if why:
        raise RefusedError.of(
            "TD603",
            "The pool is not applied",
            detail=f"{pool} {why}. What stands of it, so what comes and what that costs, and how it is ended, is not "
            "changed by an edit of the spec.",
            fix=fix,
        )


def _otherwise(was: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> str:
    """One word that is another: of whether it stands between bursts first, as that turns others with it."""
    if was is None:
        return "was never applied"
    words = ["removes", *sorted({*was, *wanted})]
    other = next((word for word in words if was.get(word) != wanted.get(word)), None)
    if other is None:
        return ""
    return _differs("between_bursts" if other == "removes" else other, was.get(other), wanted.get(other))


def _made_otherwise(deployment: Deployment, pool: str) -> str:
    """One word of what a burst takes from the pool as it stands that is another in the spec; empty where none stands.

    What stands without its words was made by an older version, or by an apply that failed: it may be anything.
    """
    wanted, was = applied_with(deployment, pool), _made_with(deployment, pool)
    if was is None or not wanted:
        return ""
    if not was:
        return f"stands, and no apply has noted what with ({', '.join(wanted)})"
    other = next((word for word in [*wanted, *was] if was.get(word) != wanted.get(word)), None)
    return "" if other is None else _differs(other, was.get(other), wanted.get(other))


def _made_with(deployment: Deployment, pool: str) -> Mapping[str, Any] | None:
    """The words that the pool's last apply has left, empty where it left none; None where nothing of it stands.

    Raises `CloudError` TD415, `RefusedError` TD421 where its state is none, or another's.
    """
    from tideform.connect import backend_of

    state = backend_of(deployment).unit("training", pool)
    if state is None or state.empty:
        return None
    found = state.outputs.get(APPLIED_WITH)
    return found if isinstance(found, Mapping) else {}


def _differs(word: str, was: object, wanted: object) -> str:
    return f"was applied with {word}: {_said(was)}, and the spec says {_said(wanted)} now"


def _said(value: object) -> object:
    return _WORDS[value] if isinstance(value, bool) else value


def _told(deployment: Deployment) -> Iterator[Mapping[str, Any]]:
    """The handles of all pools, as the function was given them."""
    for function in functions(deployment, reaper_name(Scope(deployment, "foundation"))):
        with _legible(deployment):
            told = _handles(function)
        yield told


def _foundation(deployment: Deployment) -> Iterable[Mapping[str, Any]]:
    """Nothing where it is another's: a burst ends whatever stacks are like."""
    from tideform.connect import backend_of

    backend = backend_of(deployment)
    found = next((program for program in backend.existing() if program.layer == "foundation"), None)
    state = None if found is None else backend.checkpoint(found)
    return state.resources if state else ()


def _legible(deployment: Deployment) -> AbstractContextManager[None]:
    """Raise `CloudError` TD415 where what an apply has noted of the reaper is not as it writes that."""
    from tideform.state.checkpoint import legible

    return legible(f"what foundation's state of {deployment.name} has of the reaper")


def _as_made(found: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
    """All of it is there, and all of it texts. Raises as `_legible` takes it."""
    from tideform.state.entries import mapping, text

    parts = {"policies": (REAPER, SCHEDULE_ROLE), "variables": ()}
    told = {part: mapping(found.get(part), part) for part in parts}
    for part, needed in parts.items():
        for name in {*needed, *told[part]}:
            text(told[part].get(name), f"{name} of {part}")
    for policy in told["policies"].values():
        mapping(json.loads(policy), "a policy")
    return told


def _handles(function: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Those that the function was given with its code."""
    text = function["inputs"]["code"].get("assets", {}).get(HANDLES, {}).get("text")
    found = json.loads(text) if text else {}
    return {pool: dict(handle.items()) for pool, handle in found.items()}
