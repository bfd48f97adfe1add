"""A pool whose item cannot be read: nobody knows who holds it or until when, so its capacity ends, and that is told.

How it ends stands in the item's own handle, or in what the spec said when the reaper was made; its machines are found
by the pool's tags in any case. Once nothing is left the item is made whole, so that the pool can be used again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from tideform.reaper import instances, tell
from tideform.reaper.at_work import keep_at_work
from tideform.reaper.base import Clients, Handle
from tideform.reaper.endings import ending
from tideform.reaper.fates import UNREADABLE
from tideform.reaper.ledger import pool_of
from tideform.reaper.outcome import Outcome
from tideform.reaper.pools import Pools, same_place
from tideform.reaper.reading import Unreadable, usable
from tideform.reaper.settings import Settings
from tideform.reaper.sources import Source
from tideform.reaper.steps import Steps


def end(
    clients: Clients,
    settings: Settings,
    pools: Pools,
    broken: Unreadable,
    now: float,
    outcome: Outcome,
    sources: Sequence[Source] = (),
) -> None:
    """One step towards nothing. The pool counts as failed in any case: the alarm, the heartbeat and `status` say so.

    ``sources`` were found by tag: what brings machines is closed also where nothing says how the pool ends.
    """
    key = str(broken.item["pk"])
    pool, why = pool_of(key), f"its item in the lease table cannot be read ({broken.why}), so its capacity is ended"
    if fresh := why not in outcome.failure:  # else this round has said so already
        outcome.failure = why
    handles, steps = list(_handles(settings, pool, broken)), Steps()
    for handle in handles if fresh else ():
        keep_at_work(clients, pools.items, handle, UNREADABLE, now, outcome)
    steps.each(lambda source: source.close(), sources)
    gone = [steps.take(partial(ending(handle["backend"]).stop, clients, handle)) for handle in handles]
    outcome.waiting = not all([*gone, steps.take(lambda: _no_machines(clients, settings, pool))])
    if steps.refused:
        outcome.failure = f"{why}; {type(steps.refused[0]).__name__}: {steps.refused[0]}"
    if not outcome.waiting:
        pools.mend(broken.item, handles[0] if handles else {}, now)
        outcome.did.append("nothing is left, and its item is whole again")
    if fresh:
        text = f"{pool}: {why}. Its bursts, if there were any, are over."
        tell.attempt(outcome, lambda: tell.message(clients, settings, text))


def _handles(settings: Settings, pool: str, broken: Unreadable) -> Iterator[Handle]:
    """What the item says of its place, if that makes sense, and what the spec says where it is another."""
    own, planned = broken.item.get("handle"), settings.handles.get(pool)
    if own is not None and usable(own):
        yield own
        if planned is not None and not same_place(own, planned):
            yield planned
    elif planned is not None:
        yield planned


def _no_machines(clients: Clients, settings: Settings, pool: str) -> bool:
    tags = {"project": settings.project, "environment": settings.environment, "unit": pool}
    left = instances.standing(instances.tagged(clients, {f"tideform:{key}": tag for key, tag in tags.items()}))
    instances.end(clients, left)
    return not left
