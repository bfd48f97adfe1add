"""Brakes: what ends a burst. Each says how far it can be relied on, and whether it is in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import RefusedError


class Kind(StrEnum):
    """What a brake promises."""

    TERMINAL = "terminal"  # nothing is left ten minutes after the deadline
    BOUNDING = "bounding"  # what may be left has a stated bound
    ADVISORY = "advisory"  # it warns, or acts late


@dataclass(frozen=True)
class Brake:
    """One mechanism. ``missing`` tells why it would not work now; empty when it is in place.

    One that is ``of_pool`` hangs on the pool's definitions, and cannot be asked before those stand.
    """

    name: str
    kind: Kind
    description: str
    missing: Callable[[], str]
    of_pool: bool = False


def require(brakes: Iterable[Brake]) -> list[str]:
    """Raise `RefusedError` TD605 with every brake that is not in place: no capacity without brakes.

    An advisory one ends nothing in time anyway: of those that are missing it returns what people are told.
    """
    missing = [(brake, why) for brake in brakes if (why := brake.missing())]
    needed = [(brake, why) for brake, why in missing if brake.kind is not Kind.ADVISORY]
    if needed:
        raise RefusedError(_refusal(brake, why) for brake, why in needed)
    return [f"An advisory brake is not in place: {brake.name} ({why})." for brake, why in missing]


def _refusal(brake: Brake, why: str) -> Diagnostic:
    return Diagnostic(
        "TD605",
        Severity.ERROR,
        "A brake is not in place",
        detail=f"{brake.name} ({brake.kind}): {why}. No capacity is started that nothing would end, and no lease "
        "begins on it or is made longer.",
        fix="Run `tideform apply`; it puts the brakes in place.",
    )
