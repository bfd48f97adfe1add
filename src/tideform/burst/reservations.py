"""A pool's reservations and capacity blocks, for those who look at it or are about to use it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tideform.burst.runner import cloud_errors
from tideform.cloud import Cloud
from tideform.prices.book import book
from tideform.reaper.reserved import Reservation, look
from tideform.times import utc

IDLE: Final = "idle reservations"  # the part that could not be asked is called so


def reservations(cloud: Cloud, ids: Sequence[str]) -> tuple[Reservation, ...]:
    """Those of AWS as they are now; an id that the account does not have is one of them. Raises `CloudError`."""
    if not ids:
        return ()
    with cloud_errors("the reservations were looked at"):
        known = {**book().instances, **book().sagemaker().instances}
        return tuple(look(cloud, ids, {name: kind.on_demand_usd for name, kind in known.items()}))


def idle_reservations(cloud: Cloud, ids: Sequence[str]) -> tuple[Reservation, ...]:
    """Those that are not used up, or not there. Raises `CloudError`."""
    return tuple(one for one in reservations(cloud, ids) if one.idle)


def left_aside(cloud: Cloud, blocks: Sequence[str], now: float) -> Iterator[str]:
    """Why a burst that begins now does not use a block. Raises `CloudError`."""
    for one in reservations(cloud, blocks):
        if why := one.closed(now):
            yield f"{one.called[0].upper()}{one.called[1:]} is left aside: {why}."


def ends_early(cloud: Cloud, blocks: Sequence[str], now: float, deadline: float) -> Iterator[str]:
    """A warning for each block whose machines end before the deadline of a lease. Raises `CloudError`."""
    for one in reservations(cloud, blocks):
        if one.state == "active" and one.emptied is not None and now < one.emptied < deadline:
            yield (
                f"The lease lasts until {utc(deadline)}, and {one.called} ends before: AWS ends machines in it at "
                f"{utc(one.emptied)}."
            )
