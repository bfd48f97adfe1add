"""What the last apply has made of the reaper, and told it of a pool: a spec that was edited since changes nothing.

Definitions that stand are somebody's until an apply, with its plan, has said that they go.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from tideform.burst.reaper.dry_run import HANDLES
from tideform.catalogue.training.base import backends
from tideform.components.reaper_plan import reaper_name
from tideform.components.scope import Scope
from tideform.errors import RefusedError
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
    """The reaper's policies and variables as `components.reaper_plan.as_made` has them; empty where no state tells."""
    for resource in _foundation(deployment):
        if resource["type"] == _REAPER and (found := resource.get("outputs")):
            return dict(found)
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


def require_applied(deployment: Deployment, pool: str) -> None:
    """Raise `RefusedError` TD603 where the spec has the pool otherwise than it was applied, as far as brakes know it.

    A burst would make, or end with, other definitions than those that stand and that somebody has agreed to. Where no
    state tells of the reaper nothing is refused here: the brakes are asked, too.
    """
    wanted = json.loads(json.dumps(backends()[deployment.spec.training[pool].backend].handle(deployment, pool)))
    for told in _told(deployment):
        if why := _otherwise(told.get(deployment.identity("training", pool)), wanted):
            raise RefusedError.of(
                "TD603",
                "The pool is not applied",
                detail=f"{pool} {why}. What stands of it, and how it is ended, is changed by an apply alone.",
                fix="Run `tideform apply` first.",
            )


def _otherwise(was: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> str:
    """One word that is another: of whether it stands between bursts first, as that turns others with it."""
    if was is None:
        return "was never applied"
    words = ["removes", *sorted({*was, *wanted})]
    other = next((word for word in words if was.get(word) != wanted.get(word)), None)
    if other is None:
        return ""
    called = "between_bursts" if other == "removes" else other
    return f"was applied with {called}: {_said(was.get(other))}, and the spec says {_said(wanted.get(other))} now"


def _said(value: object) -> object:
    return _WORDS[value] if isinstance(value, bool) else value


def _told(deployment: Deployment) -> Iterator[Mapping[str, Any]]:
    """The handles of all pools, as the function was given them."""
    yield from map(_handles, functions(deployment, reaper_name(Scope(deployment, "foundation"))))


def _foundation(deployment: Deployment) -> Iterable[Mapping[str, Any]]:
    from tideform.engine.backend import Backend

    backend = Backend.at(deployment)  # a burst ends whatever the stacks of other layers are like
    foundation = next((program for program in backend.existing() if program.layer == "foundation"), None)
    state = None if foundation is None else backend.checkpoint(foundation)
    return state.resources if state else ()


def _handles(function: Mapping[str, Any]) -> Mapping[str, Any]:
    """Those that the function was given with its code."""
    text = function["inputs"]["code"].get("assets", {}).get(HANDLES, {}).get("text")
    found = json.loads(text) if text else {}
    return found if isinstance(found, Mapping) else {}
