"""Bursts that nobody waits for, as a schedule, an event, or a command that did not stay began them.

The reaper ends them when their job is over.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from tideform.reaper.base import Clients
from tideform.reaper.items import Item
from tideform.reaper.modes import ENDING_WITH_THEIR_JOB
from tideform.reaper.starting import starting
from tideform.reaper.starting.base import Again, Starting
from tideform.reaper.steps import Steps

JOB_OVER = "its job is over"
NEVER_BEGAN = "its job was never submitted"
TO_BEGIN = 600.0  # seconds that a starter may take between its lease and its job, unless its plan says another
_SEEN = 60.0  # seconds after which a job that was begun is in every list of its service


def over(
    clients: Clients,
    item: Item,
    now: float,
    again: Callable[[str], Again],
    steps: Steps,
    known: Container[str] = (),
) -> dict[str, str]:
    """The leases of a pool whose jobs are over, and why they end; ``known`` end anyway, and are not asked about.

    ``again`` begins the job of a lease anew where that lost its machines (`resuming`). Each lease is one of ``steps``:
    what cannot be told of one keeps none of the others.
    """
    leases = item["leases"].items()
    waiting = {lease: held for lease, held in leases if held["mode"] in ENDING_WITH_THEIR_JOB and lease not in known}
    if not waiting:
        return {}
    look = _Look(clients, item, now, again, steps)
    told = {lease: steps.ask(partial(look.why, lease, held)) for lease, held in waiting.items()}
    return {lease: why for lease, why in told.items() if why}


@dataclass(frozen=True)
class _Look:
    clients: Clients
    item: Item
    now: float
    again: Callable[[str], Again]
    steps: Steps

    def why(self, lease: str, held: Mapping[str, Any]) -> str:
        """Why the lease ends; empty where its job goes on, or where its service refuses to tell."""
        if not alive(held, self.now):
            return NEVER_BEGAN
        if "job" not in held or self.now < _begun(held, self.item) + _SEEN:
            return ""
        came = self.again(lease)
        if self._working is None or lease in self._working or came.goes_on:
            return ""
        return came.over or self._failed(str(held["job"])) or JOB_OVER

    @cached_property
    def _working(self) -> set[str] | None:
        return self.steps.ask(lambda: self._backend.working(self.clients, self.item["handle"]))

    def _failed(self, job: str) -> str:
        """That nobody tells why a job failed keeps no lease."""
        return self.steps.ask(lambda: self._backend.failed(self.clients, self.item["handle"], job)) or ""

    @cached_property
    def _backend(self) -> Starting:
        return starting(self.item["handle"]["backend"])


def _begun(held: Mapping[str, Any], item: Item) -> float:
    """When the lease's job began last."""
    return float(max(held.get("begun", item.get("begun", 0)), held.get("again", 0)))


def alive(held: Mapping[str, Any], now: float) -> bool:
    """Whether a lease has its job, or may still get it."""
    return "job" in held or now < held.get("begin_by", held["created"] + TO_BEGIN)
