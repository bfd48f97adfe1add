"""Under which id something that was being created would stand, as its type says (`tideform.resources`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from tideform.errors import EngineError
from tideform.resources.registry import type_of

if TYPE_CHECKING:
    from tideform.cloud import Cloud

Inputs = Mapping[str, Any]


def identify(cloud: Cloud, token: str, inputs: Inputs, known: Collection[str] = ()) -> str | None:
    """The id under which it stands or would stand; None where it certainly does not exist.

    ``known`` are the ids of that type that the state holds already: what was being made is none of them.
    Raises `EngineError` for a type that nothing is known of: forgetting it could leave it behind.
    """
    kind = type_of(token)
    if kind is None:
        raise EngineError.of(
            "TD422",
            "A resource of a crashed run cannot be looked up",
            detail=f"{token} was being created, and no rule says how it is found.",
            fix="Please report the type. Until then look for it by hand, and run `tideform destroy` afterwards.",
        )
    return next((found for found in kind.identify(cloud, inputs) if found not in known), None)


def standing(resources: Iterable[Mapping[str, Any]], token: str, inputs: Inputs) -> set[str]:
    """The ids of that type in the state that something with these inputs cannot have as well."""
    kind = type_of(token)
    others = (r for r in resources if r["type"] == token)
    if kind is not None and (parent := kind.within) is not None:
        others = (r for r in others if r.get("inputs", {}).get(parent) == inputs.get(parent))
    return {str(r.get("id", "")) for r in others}


def before_read(token: str, inputs: Inputs, identity: str) -> dict[str, Any]:
    """Outputs with which the provider can read what stands under this id: some read by an output and not by the id."""
    kind = type_of(token)
    return {**inputs, "id": identity, **dict.fromkeys(kind.read_by if kind else (), identity)}
