"""Jobs that end although nobody holds their pool, or nobody can read who does: what is known of them is written down.

It is one brief look, before the end makes them all alike. No end hangs on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tideform.reaper import tell
from tideform.reaper.base import Clients, Handle
from tideform.reaper.brief import briefly
from tideform.reaper.fates import Fate, Fates, fates_at_work
from tideform.reaper.fence import Check
from tideform.reaper.history import remembered
from tideform.reaper.history.base import earliest
from tideform.reaper.items import Items
from tideform.reaper.longest import LONGEST
from tideform.reaper.outcome import Outcome


def _whose_ever() -> None:
    """Of a pool that ends whole."""


def keep_at_work(
    clients: Clients, items: Items, handle: Handle, why: str, now: float, outcome: Outcome, mine: Check = _whose_ever
) -> None:
    """Write down of each lease that an unfinished job names that it is stopped, and ``why``.

    ``now`` is in seconds since the epoch, ``mine`` raises `FencedError` where somebody has come while it was looked:
    some of the jobs would be theirs. What fails is told in ``outcome``.
    """
    try:
        look = remembered(handle["backend"]).jobs
        found = briefly(lambda: look(clients, handle, earliest([now - LONGEST])))
    except Exception as error:  # noqa: BLE001  # whatever it is, the capacity has to go
        outcome.did.append(f"could not learn what became of the jobs: {error}")
        return
    mine()
    keep_fates(items, outcome.pool, fates_at_work(found, why), now, outcome)


def keep_fates(items: Items, pool: str, fates: Mapping[str, Fate], now: float, outcome: Outcome) -> None:
    """Write down each lease's fate; what fails is told in ``outcome``, and keeps none of the others."""
    for lease, fate in fates.items():
        keep = partial(Fates(items).keep, pool, lease, fate, now)
        tell.attempt(outcome, keep, "what became of its jobs could not be written down")
