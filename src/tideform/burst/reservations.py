"""A pool's reservations and capacity blocks, for those who look at it or are about to use it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tideform.burst.reaper.reserved import Reservation, look
from tideform.burst.runner import cloud_errors
from tideform.cloud import Cloud
from tideform.prices.book import book
from tideform.times import utc


def reservations(cloud: Cloud, ids: Sequence[str]) -> tuple[Reservation, ...]:
    """Those of EC2 as they are now; an id that the account does not have is one of them. Raises `CloudError`."""
    ours = [identity for identity in ids if identity.startswith("cr-")]
    if not ours:
        return ()
    with cloud_errors("the reservations were looked at"):
        return tuple(look(cloud, ours, {name: kind.on_demand_usd for name, kind in book().instances.items()}))


def idle_reservations(cloud: Cloud, ids: Sequence[str]) -> tuple[Reservation, ...]:
    """Those that are not used up, or not there. Raises `CloudError`."""
    return tuple(one for one in reservations(cloud, ids) if one.idle)


def ends_early(cloud: Cloud, blocks: Sequence[str], deadline: float) -> Iterator[str]:
    """A warning for each block whose machines end before the deadline of a lease. Raises `CloudError`."""
    for one in reservations(cloud, blocks):
        if one.emptied is not None and one.state == "active" and one.emptied < deadline:
            yield (
                f"The lease lasts until {utc(deadline)}, and capacity block {one.id} ends before: AWS ends machines "
                f"in it at {utc(one.emptied)}. What runs then begins again on the next rung of the ladder."
            )
