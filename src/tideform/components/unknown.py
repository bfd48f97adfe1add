"""Values that nobody knows before the apply, in the form that Pulumi wants them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tideform.model.planned import UNKNOWN

if TYPE_CHECKING:
    import pulumi


def unknown() -> pulumi.Output[Any]:
    """An output that the engine shows as computed, and on which ``apply`` does not run."""
    import pulumi

    async def is_known() -> bool:
        return False

    async def value() -> None:
        return None

    return pulumi.Output(set(), value(), is_known())


def lift(value: Any) -> Any:
    """``value`` with each `UNKNOWN` inside replaced by an unknown output, at whatever depth."""
    if value is UNKNOWN:
        return unknown()
    if isinstance(value, Mapping):
        return {key: lift(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [lift(item) for item in value]
    return value
