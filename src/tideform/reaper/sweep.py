"""One round of the reaper: every pool that may hold capacity is counted, then judged, then ended where it is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tideform.reaper import idle, unheld, unreadable
from tideform.reaper.base import Clients
from tideform.reaper.clearing import SEEN, Clearing
from tideform.reaper.decide import Budget
from tideform.reaper.items import HEARTBEAT, Item, Items
from tideform.reaper.keeper import Keeper, worth_looking
from tideform.reaper.ledger import METER, Ledger, accounts_of, pool_of, spent_in_month
from tideform.reaper.legible import THE_TABLE, illegible
from tideform.reaper.meter import Account
from tideform.reaper.outcome import Outcome
from tideform.reaper.pools import POOL, Pools, is_pool
from tideform.reaper.prices import SpotPrices
from tideform.reaper.reading import Unreadable, reapable
from tideform.reaper.settings import Settings
from tideform.reaper.unheld import Sight, judged

_AT_ONCE = 8
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_WITHOUT_LEASE = "capacity without a lease"
_SAID = 100  # lines that a heartbeat keeps


@dataclass
class Round:
    """``spare`` tells how many seconds are left for what answers 'not yet'; ``pause`` waits so many."""

    clients: Clients
    settings: Settings
    clock: Callable[[], float]
    spare: Callable[[], float]
    pause: Callable[[float], None] = time.sleep
    outcomes: dict[str, Outcome] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.items = Items(self.clients, self.settings.table)
        self.ledger = Ledger(self.items, SpotPrices(self.clients))
        self.keeper = Keeper(self.clients, self.settings, Pools(self.items), self.ledger, self.clock)
        self.clearing = Clearing(self.clients, self.settings, self.items, self.keeper, self.clock)

    def run(self) -> dict[str, Any]:
        """Look after everything, and write the heartbeat; answers with it. What fails for one pool stops no other."""
        began = self.clock()
        items = self._read()
        found = [reapable(item, began) for item in items if is_pool(item)]
        pools = [item for item in found if not isinstance(item, Unreadable)]
        broken = [item for item in found if isinstance(item, Unreadable)]
        accounts = accounts_of(items)
        self._note_illegible(items)
        seen = self._look_around(pools)
        accounted = {pool_of(item["pk"]): item for item in pools}
        whole = {pool_of(str(item.item["pk"])) for item in broken}  # how those end
        doubtful = {p: sight for p, sight in seen.items() if p not in whole and judged(sight, accounted.get(p))}
        told = {pool_of(item["pk"]) for item in items if str(item["pk"]).startswith(SEEN) and item.get("seen")}
        busy = [item for item in pools if self._busy(item, accounts, doubtful)]
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="reaper") as threads:
            list(threads.map(lambda one: self._end_unreadable(one, seen), broken))
            list(threads.map(lambda item: self._count(item, accounts, began), busy))
            budget = self._budget(accounts)
            list(threads.map(lambda item: self._look_after(item, accounts, budget), busy))
            gone = set() if self._blind() else told - whole  # what nobody could look for is not forgotten
            list(threads.map(lambda pool: self._clear(pool, seen.get(pool, Sight())), gone | doubtful.keys()))
            self._wait(threads, accounts, budget)
            list(threads.map(self._tell_idle, self.settings.reserved))
        return self._heartbeat(began, len(pools), budget)

    def _read(self) -> list[Item]:
        """Every item; none where the table cannot be read: what is past the time on its own tags ends all the same.

        Such a round knows no lease and no account: its heartbeat says so, and nothing begins on its word.
        """
        found: list[Item] = []
        self._guarded(THE_TABLE, lambda: found.extend(self.items.all()))
        return found

    def _busy(self, item: Item, accounts: dict[str, Account], doubtful: Container[str]) -> bool:
        pool = pool_of(item["pk"])
        return pool in doubtful or worth_looking(item, accounts.get(pool, Account()))

    def _count(self, item: Item, accounts: dict[str, Account], now: float) -> None:
        pool = pool_of(item["pk"])

        def count() -> None:
            accounts[pool] = self.keeper.count(item, now, accounts.get(pool, Account()))

        self._guarded(pool, count)

    def _look_after(self, item: Item, accounts: dict[str, Account], budget: Budget) -> None:
        pool = pool_of(item["pk"])
        outcome = self._outcome(pool)
        account = accounts.get(pool, Account())
        self._guarded(pool, lambda: self.keeper.look_after(item, account, budget, outcome))

    def _note_illegible(self, items: list[Item]) -> None:
        """An account of which something cannot be read stops nothing; it is mended as the pool is counted."""
        for item in items:
            if str(item["pk"]).startswith(METER) and (lost := illegible(item)):
                self._outcome(pool_of(item["pk"])).failure = f"its account cannot be read: {', '.join(lost)}"

    def _end_unreadable(self, broken: Unreadable, seen: Mapping[str, Sight]) -> None:
        pool = pool_of(str(broken.item["pk"]))
        outcome, pools, sources = self._outcome(pool), self.keeper.pools, seen.get(pool, Sight()).sources
        self._guarded(
            pool, lambda: unreadable.end(self.clients, self.settings, pools, broken, self.clock(), outcome, sources)
        )

    def _look_around(self, pools: list[Item]) -> dict[str, Sight]:
        """What stands by its tags, whatever the table says of it. That a service refused is told, and stops nothing."""
        handles = [*self.settings.handles.values(), *(item.get("handle") or {} for item in pools)]
        found = unheld.look(self.clients, self.settings.project, self.settings.environment, handles, self._looked)
        unheld.look_for_jobs(self.clients, pools, self.settings.handles, found, self._looked)
        return found

    def _looked(self, where: str, work: Callable[[], object]) -> None:
        self._guarded(f"{_WITHOUT_LEASE} ({where})", work)

    def _blind(self) -> bool:
        """Whether a service that was asked for capacity without a lease has refused."""
        return any(name.startswith(_WITHOUT_LEASE) for name in self.outcomes)

    def _clear(self, pool: str, sight: Sight) -> None:
        """Capacity without a lease ends even where the pool's item is gone."""
        self._guarded(pool, lambda: self.clearing.settle(pool, sight, self._outcome(pool)))

    def _tell_idle(self, pool: str) -> None:
        """A failure is not the pool's: it holds up no burst."""
        about = f"reservations of {pool}"

        def look() -> None:
            for line in idle.tell_idle(self.clients, self.settings, self.items, pool, self.clock()):
                self._outcome(about).did.append(line)

        self._guarded(about, look)

    def _wait(self, threads: ThreadPoolExecutor, accounts: dict[str, Account], budget: Budget) -> None:
        """Call what answered 'not yet' again, for as long as there is time; then the next round does."""
        pause = _FIRST_PAUSE
        while (waiting := [o for o in self.outcomes.values() if o.waiting]) and self.spare() > pause:
            self.pause(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            list(threads.map(lambda outcome: self._again(outcome, accounts, budget), waiting))

    def _again(self, outcome: Outcome, accounts: dict[str, Account], budget: Budget) -> None:
        outcome.waiting = False

        def again() -> None:
            raw = self.items.get(POOL + outcome.pool)
            item = None if raw is None else reapable(raw, self.clock())
            if isinstance(item, Unreadable):
                unreadable.end(self.clients, self.settings, self.keeper.pools, item, self.clock(), outcome)
            elif item is not None:
                self.keeper.look_after(item, accounts.get(outcome.pool, Account()), budget, outcome)

        self._guarded(outcome.pool, again)

    def _guarded(self, pool: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  # one pool's failure stops no other
            self._outcome(pool).failure = f"{type(error).__name__}: {error}"

    def _outcome(self, pool: str) -> Outcome:
        return self.outcomes.setdefault(pool, Outcome(pool))

    def _budget(self, accounts: dict[str, Account]) -> Budget:
        hourly = sum(account.hourly for account in accounts.values())
        return Budget(self.settings.budget_usd, spent_in_month(accounts.values(), self.clock()), hourly)

    def _heartbeat(self, began: float, pools: int, budget: Budget) -> dict[str, Any]:
        """When it last ran, and what came of it: what the brake asks for before capacity may start."""
        found = sorted(self.outcomes.values(), key=lambda outcome: outcome.pool)
        summary = {
            "at": int(began),
            "seconds": round(self.clock() - began, 3),
            "pools": pools,
            "did": [f"{o.pool}: {line}" for o in found for line in o.did][:_SAID],
            "waiting": [o.pool for o in found if o.waiting],
            "failures": {o.pool: o.failure for o in found if o.failure},
            "used_up": budget.why,
        }
        self.items.write({"pk": HEARTBEAT, **summary})
        return summary
