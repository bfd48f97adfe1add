"""One pool in one round of the reaper: counted, warned, and ended where it is over."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tideform.reaper import idleness, scheduled, tell
from tideform.reaper.at_work import keep_fates
from tideform.reaper.base import Clients, Handle
from tideform.reaper.brief import briefly
from tideform.reaper.decide import NOTICED, WARNINGS, Budget, Held, abandoned, decide
from tideform.reaper.endings import ending
from tideform.reaper.fates import CUT_SHORT, fates_of, unlearnt
from tideform.reaper.fence import FencedError, fenced
from tideform.reaper.history import remembered
from tideform.reaper.history.base import earliest
from tideform.reaper.items import Item
from tideform.reaper.ledger import Ledger, pool_of
from tideform.reaper.meter import Account
from tideform.reaper.outcome import Outcome
from tideform.reaper.pools import Pools
from tideform.reaper.reading import Unreadable, reapable
from tideform.reaper.resuming import Resuming
from tideform.reaper.settings import Settings
from tideform.reaper.states import IDLE, STOPPING, UP
from tideform.reaper.steps import Steps

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
            if not mine and not abandoned(float(item["stopping_since"]), leases, self.clock()):
                return
            if not mine:
                self._keep_fates(item, dict.fromkeys(item["leases"], CUT_SHORT), outcome)
            self._finish(item, account, outcome)
            return
        if item["count"] != len(item["leases"]):
            self.pools.recount(item)
            outcome.did.append(f"put the count right: {len(item['leases'])}")
            outcome.waiting = True  # the item has changed
            return
        decision = decide(leases, budget, self.clock())
        with Steps() as steps:  # no brake waits for another: what one lease or service fails with is told at the end
            for lease, what in decision.warnings:
                steps.take(partial(self._warn, item, lease, what, outcome))
            steps.each(lambda lease: self._notice(item, lease, outcome), decision.notices)
            jobs = steps.ask(lambda: self._jobs_over(item, decision.over, outcome, steps)) or {}
            steps.take(lambda: self._settle(item, account, {**jobs, **decision.over}, outcome))

    def _jobs_over(self, item: Item, known: Container[str], outcome: Outcome, steps: Steps) -> dict[str, str]:
        resuming = Resuming(self.clients, self.pools, self.clock, item, outcome)
        return scheduled.over(self.clients, item, self.clock(), resuming.look, steps, known)

    def _settle(self, item: Item, account: Account, over: Mapping[str, str], outcome: Outcome) -> None:
        """The leases that are over end, with the capacity where they are all; else that is kept in order."""
        if len(over) == len(item["leases"]):
            self._end(item, account, over, outcome)
            return
        with Steps() as steps:
            steps.take(lambda: self._leave_to_others(item, over, outcome))
            if item["state"] == UP:
                steps.take(lambda: self._in_the_middle(item, account, outcome))

    def _in_the_middle(self, item: Item, account: Account, outcome: Outcome) -> None:
        """What is up and within its limits: ended all the same where it does nothing, else kept in order."""
        handle = _handle(item)
        with Steps() as steps:
            idle = steps.ask(lambda: idleness.look(self.clients, self.pools.items, item, self.clock(), outcome))
            if idle is not None and idle.over:
                self._end(item, account, dict.fromkeys(item["leases"], idle.why), outcome)
                return
            if idle is not None and idle.soon:
                steps.each(lambda lease: self._warn(item, lease, idleness.WARNED_IDLE, outcome), item["leases"])
            tend = ending(handle["backend"]).tend
            outcome.did += steps.find(lambda: tend(self.clients, handle, self.clock()))
            steps.take(lambda: self._end_late_jobs(item, outcome))

    def _end_late_jobs(self, item: Item, outcome: Outcome) -> None:
        """Jobs of a lease that is over, which came when others held the pool: theirs, and their machines, stay.

        The item is read again after the jobs were listed: a lease is written before its jobs.
        """
        handle = _handle(item)
        of = ending(handle["backend"])
        said = of.leases_of_jobs(self.clients, handle) - item["leases"].keys()
        now = reapable(self.pools.items.get(item["pk"]) or {}, self.clock()) if said else None
        if now is None or isinstance(now, Unreadable):
            return
        with Steps() as steps:
            for lease in sorted(said - now["leases"].keys()):
                steps.take(partial(of.end_jobs, self.clients, handle, lease))
                outcome.did.append(f"ended the jobs of {lease}, which holds nothing")

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
        try:
            self._keep_fates(stopping, over, outcome)
            self._finish(stopping, account, outcome)
        finally:  # no message, which a topic may keep waiting, comes before the end
            for lease, why in over.items():
                self._tell_end(item, lease, why, outcome)

    def _keep_fates(self, item: Item, over: Mapping[str, str], outcome: Outcome) -> None:
        """Write down what became of the jobs of leases that end, while it can be told from the end itself.

        One brief look, and no end waits for a better one: what nobody could learn is written down as that.
        """
        if not over:
            return
        handle, told = _handle(item), {lease: _of_job(why) for lease, why in over.items()}
        modes = {lease: str(item["leases"][lease]["mode"]) for lease in over}
        oldest = earliest(float(item["leases"][lease]["created"]) for lease in over)
        try:
            found = briefly(lambda: remembered(handle["backend"]).jobs(self.clients, handle, oldest, leases=modes))
            fates = fates_of(found, modes, told.__getitem__)
        except Exception as error:  # noqa: BLE001  # whatever it is, the capacity has to go
            fates = dict.fromkeys(modes, unlearnt(str(error)))
            outcome.did.append(f"could not learn what became of the jobs: {error}")
        keep_fates(self.pools.items, pool_of(item["pk"]), fates, self.clock(), outcome)

    def _leave_to_others(self, item: Item, over: Mapping[str, str], outcome: Outcome) -> None:
        """Others hold the capacity: these leases go, and their jobs. What one refuses holds up no other."""
        with Steps() as steps:
            for lease, why in over.items():
                steps.take(partial(self._leave, item, lease, why, outcome))

    def _leave(self, item: Item, lease: str, why: str, outcome: Outcome) -> None:
        released = self.pools.release_shared(item["pk"], lease, item["leases"][lease], self.clock())
        if released is None:
            outcome.waiting = True
            return
        outcome.did.append(f"ended {lease}: {why}")
        self._keep_fates(item, {lease: why}, outcome)
        try:
            ending(_handle(item)["backend"]).end_jobs(self.clients, _handle(item), lease)
        finally:
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


def _of_job(why: str) -> str:
    """Why a lease ends, as its job's end is told: that this is over, or never was, its own state says."""
    return "" if why in (scheduled.JOB_OVER, scheduled.NEVER_BEGAN) else why


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
