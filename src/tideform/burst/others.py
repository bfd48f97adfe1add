"""What a burst is told where others have a say: they have ended its lease, or the leases are theirs."""

from __future__ import annotations

from collections.abc import Iterable

from tideform.errors import RefusedError, TideformError
from tideform.process import user
from tideform.times import utc


def ended_elsewhere(pool: str) -> TideformError:
    """Another command, or a brake, has ended this one's lease."""
    return RefusedError.of(
        "TD614",
        "The lease was ended by another command",
        detail=f"Somebody's `jobs cancel` or `burst down`, or a brake, has ended this burst of {pool}.",
        fix="`tideform burst status` shows when the pool is idle; then run it again.",
    )


def held_by(leases: Iterable[tuple[str, int]]) -> str:
    """``ann until TIME and bob until TIME``, of owners and deadlines (seconds since the epoch)."""
    return " and ".join(f"{owner} until {utc(deadline)}" for owner, deadline in leases)


def not_yours(pool: str, owners: Iterable[str]) -> TideformError:
    """Who asks to end leases has none."""
    return RefusedError.of(
        "TD609",
        "The leases are not yours",
        detail=f"{pool} is held by {', '.join(sorted(set(owners)))}, not by {user()}.",
        fix="Ask them, or end everybody's burst with `--all`.",
    )
