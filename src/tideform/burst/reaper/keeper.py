"""One pool in one round of the reaper: counted, warned, and ended where it is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tideform.burst.reaper import idleness, scheduled, tell
from tideform.burst.reaper.base import Clients, Handle
from tideform.burst.reaper.decide import NOTICED, WARNINGS, Budget, Held, abandoned, decide
from tideform.burst.reaper.endings import ending
from tideform.burst.reaper.fence import FencedError, fenced
from tideform.burst.reaper.items import Item
from tideform.burst.reaper.ledger import Ledger, pool_of
from tideform.burst.reaper.meter import Account
from tideform.burst.reaper.outcome import Outcome
from tideform.burst.reaper.pools import IDLE, STOPPING, UP, Pools
from tideform.burst.reaper.settings import Settings

# As `tideform.process.Process` reads it: a process of nowhere, which nobody takes for dead.
STOPPER = {"pid": 0, "host": "reaper", "boot": "reaper", "namespace": "reaper", "started": 0}


@dataclass(frozen=True)
class Keeper:
    """Looks after pools; safe between threads. Raises whatever a service refuses with."""

    clients: Clients
    settings: Settings
    pools: Pools
    ledger: Ledger
    clock: Callable[[], float]

    def count(self, item: Item, now: float, account: Account | None = None) -> Account:
        """The pool's account up to ``now``, which has to be before ``item`` and the last ``account`` were read."""
        handle = _handle(item)
        nodes = tuple(ending(handle["backend"]).nodes(self.clients, handle))
        seen = None if account is None else (item, account)
        return self.ledger.tick(pool_of(item["pk"]), nodes, item.get("prices", {}), now, seen)

    def look_after(self, item: Item, account: Account, budget: Budget, outcome: Outcome) -> None:
        """Say what is to be said, and end what is over; ``outcome`` is written as it goes, a failure may follow."""
        leases = [_held(key, record, account) for key, record in item["leases"].items()]
        if item["state"] == STOPPING:
            mine = item["stopper"].get("host") == STOPPER["host"]
            if mine or abandoned(float(item["stopping_since"]), leases, self.clock()):
                self._finish(item, account, outcome)
            return
        if item["count"] != len(item["leases"]):
            self.pools.recount(item)
            outcome.did.append(f"put the count right: {len(item['leases'])}")
            outcome.waiting = True  # the item has changed
            return
        decision = decide(leases, budget, self.clock())
        for lease, what in decision.warnings:
            self._warn(item, lease, what, outcome)
        for lease in decision.notices:
            self._notice(item, lease, outcome)
        over = {**scheduled.over(self.clients, item, self.clock(), known=decision.over), **decision.over}
        if len(over) == len(leases):
            self._end(item, account, over, outcome)
            return
        if over:
            self._leave_to_others(item, over, outcome)
        if item["state"] == UP and leases:
            self._in_the_middle(item, account, outcome)

    def _in_the_middle(self, item: Item, account: Account, outcome: Outcome) -> None:
        """What is up and within its limits: ended all the same where it does nothing, else kept in order."""
        handle = _handle(item)
        idle = idleness.look(self.clients, self.pools.items, item, self.clock(), outcome)
        if idle.over:
            self._end(item, account, dict.fromkeys(item["leases"], idle.why), outcome)
            return
        if idle.soon:
            for lease in item["leases"]:
                self._warn(item, lease, idleness.WARNED_IDLE, outcome)
        outcome.did += ending(handle["backend"]).tend(self.clients, handle, self.clock())

    def stop(self, handle: Handle) -> bool:
        """One step towards nothing."""
        return ending(handle["backend"]).stop(self.clients, handle)

    def _warn(self, item: Item, lease: str, what: str, outcome: Outcome) -> None:
        if self.pools.note(item["pk"], lease, what, self.clock()):
            outcome.did.append(f"warned {lease}: {what.removeprefix('warned_')}")
            held = item["leases"][lease]
            tell.attempt(outcome, lambda: tell.warn(self.clients, self.settings, outcome.pool, held, what))

    def _notice(self, item: Item, lease: str, outcome: Outcome) -> None:
        uri = item["leases"][lease].get("checkpoint_uri", "")
        if not uri or not self.pools.note(item["pk"], lease, NOTICED, self.clock()):
            return
        if tell.attempt(outcome, lambda: tell.ask_to_save(self.clients, uri, "its burst is about to end")):
            outcome.did.append(f"asked {lease} to save its work")

    def _end(self, item: Item, account: Account, over: Mapping[str, str], outcome: Outcome) -> None:
        """Take everything away; nobody can join from here on."""
        if item["state"] == IDLE and not over:
            return
        stopping = self.pools.begin_stop(item["pk"], item["token"], STOPPER, self.clock())
        if stopping is None:
            outcome.waiting = True  # somebody has come or gone since it was read
            return
        outcome.did += [f"ended {lease}: {why}" for lease, why in over.items()]
        for lease, why in over.items():
            self._tell_end(item, lease, why, outcome)
        self._finish(stopping, account, outcome)

    def _leave_to_others(self, item: Item, over: Mapping[str, str], outcome: Outcome) -> None:
        """Others hold the capacity: these leases go, and their jobs."""
        for lease, why in over.items():
            released = self.pools.release_shared(item["pk"], lease, item["leases"][lease], self.clock())
            if released is None:
                outcome.waiting = True
                continue
            outcome.did.append(f"ended {lease}: {why}")
            ending(_handle(item)["backend"]).end_jobs(self.clients, _handle(item), lease)
            self._tell_end(item, lease, why, outcome)

    def _tell_end(self, item: Item, lease: str, why: str, outcome: Outcome) -> None:
        """Whom it concerns is told."""
        if why == scheduled.JOB_OVER:
            return  # as it should be
        text = f"The reaper ends the burst of {outcome.pool} by {item['leases'][lease]['owner']}: {why}."
        tell.attempt(outcome, lambda: tell.message(self.clients, self.settings, text))

    def _finish(self, item: Item, account: Account, outcome: Outcome) -> None:
        """One step of a teardown; when nothing is left, the leases are forgotten and the account is closed.

        ``account`` may be older: if somebody has counted since, its version tells.
        """
        outcome.waiting = True
        try:
            with fenced(lambda: self.pools.require_stopping(item)):
                if not self.stop(_handle(item)):
                    return
        except FencedError:  # this round is an old one: somebody else has finished, and may have begun anew
            outcome.waiting = False
            return
        now = self.clock()
        idle = self.pools.stopped(item, now, reaped=True)
        if idle is not None:
            outcome.did.append("nothing is left")
            outcome.waiting = False
            self.count(idle, now, account)


def worth_looking(item: Item, account: Account) -> bool:
    """Whether a pool may hold capacity, or have held some that is not counted to its end."""
    return bool(item["leases"] or item["state"] != IDLE or item.get("ended") or account.hourly)


def _handle(item: Item) -> dict[str, Any]:
    handle: dict[str, Any] = item.get("handle") or {}
    if "backend" not in handle:
        raise LookupError(f"{item['pk']} has no handle: nothing says how its capacity ends")
    return handle


def _held(key: str, record: Mapping[str, Any], account: Account) -> Held:
    hold = account.leases.get(key)
    return Held(
        id=key,
        owner=record["owner"],
        created=float(record["created"]),
        deadline=float(record["deadline"]),
        cap_usd=None if record.get("cap_usd") is None else float(record["cap_usd"]),
        usd=hold.usd if hold else 0.0,
        hourly=account.rate(key),
        said=frozenset(what for what in (*WARNINGS, NOTICED) if what in record),
    )
