"""The lease table in the account: each change of a pool is one conditional update of its one item.

There are no transactions and no read-then-write: what a caller may do next follows from the record that its
own write returned (``ReturnValues=ALL_NEW``). What ends a lease is in `reaper.pools`, which the reaper uses too.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tideform.burst.lease import Lease, Mode, PoolRecord, State
from tideform.burst.record import elsewhere, item_of, record_of
from tideform.burst.table_errors import NoTableError, UnreadableError, busy, code_of, explained
from tideform.cloud import Cloud
from tideform.diagnostics import Diagnostic
from tideform.errors import CloudError, RefusedError, TideformError
from tideform.process import Process
from tideform.reaper.claims import Claim, claim, lost
from tideform.reaper.items import HEARTBEAT, Item, Items
from tideform.reaper.pools import POOL, Pools, same_place
from tideform.reaper.reading import Unreadable, read
from tideform.spec.deployment import Deployment

T = TypeVar("T")


@dataclass(frozen=True)
class Terms:
    """What a brake has to know to end and to price a pool without its spec: USD an hour of each type it may use."""

    handle: Mapping[str, Any] = field(default_factory=dict)
    prices: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class LeaseTable:
    """The leases of one project and environment.

    ``made_as`` is under which name each renamed pool is kept, so that its leases outlive ``moved:``.
    """

    cloud: Cloud
    name: str
    made_as: Mapping[str, str] = field(default_factory=dict)
    _seen: dict[str, PoolRecord] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, cloud: Cloud, deployment: Deployment) -> LeaseTable:
        """The table that the foundation layer makes."""
        names = {pool: deployment.identity("training", pool) for pool in deployment.spec.training}
        return cls(cloud, deployment.physical_name("leases"), names)

    @property
    def items(self) -> Items:
        """The table itself."""
        return Items(self.cloud, self.name)

    def identity(self, pool: str) -> str:
        """The name that the pool's items are kept under."""
        return self.made_as.get(pool, pool)

    def get(self, pool: str) -> PoolRecord:
        """The pool's record; an idle one where there was never a burst.

        Raises `UnreadableError` TD624 for an item that cannot be read.
        """
        item = self._call(lambda: self.items.get(self._key(pool)))
        return self._note(PoolRecord(pool)) if item is None else self._read(pool, item)

    def item(self, pool: str) -> Item | None:
        """The pool's item, none where there was never a burst. Raises `UnreadableError` if it cannot be read."""
        raw = self._call(lambda: self.items.get(self._key(pool)))
        found = None if raw is None else item_of(pool, raw, self.cloud.clock())
        if isinstance(found, Diagnostic):
            raise UnreadableError(found)
        return found

    def require(self) -> None:
        """Raises `NoTableError` TD601 where there is no table."""
        self._call(lambda: self.items.get(HEARTBEAT))

    def seen(self, pool: str) -> PoolRecord | None:
        """The pool's record as this process has last read or written it; for when the table is away."""
        return self._seen.get(pool)

    def _read(self, pool: str, item: Item) -> PoolRecord:
        found = record_of(pool, item, self.cloud.clock())
        if isinstance(found, Diagnostic):
            raise UnreadableError(found)
        return self._note(found)

    def _note(self, record: PoolRecord) -> PoolRecord:
        self._seen[record.pool] = record
        return record

    def all(self) -> list[PoolRecord]:
        """Every pool's record that can be read; none where foundation is not applied."""
        return [one for one in self.look().values() if isinstance(one, PoolRecord)]

    def look(self) -> dict[str, PoolRecord | Diagnostic]:
        """Every pool's record, or TD624 of an item that cannot be read: who holds that pool, nobody knows."""
        try:
            items = self._call(self._pools.all)
        except NoTableError:
            return {}
        called, now = {made_as: pool for pool, made_as in self.made_as.items()}, self.cloud.clock()
        keys = [str(item["pk"]).removeprefix(POOL) for item in items]
        pools = [called.get(key, key) for key in keys]
        return {pool: record_of(pool, item, now) for pool, item in zip(pools, items, strict=True)}

    def acquire(self, lease: Lease, terms: Terms | None = None) -> PoolRecord:
        """Add the lease, and how the pool is ended and priced.

        Raises `BusyPoolError` while it is being ended, `RefusedError` TD621 while its capacity is in another place.
        """
        terms = terms or Terms()
        key, held = self._key(lease.pool), lease.as_record()
        item = self._changed(lease.pool, lambda: self._pools.acquire(key, lease.id, held, terms.handle, terms.prices))
        if item is not None:
            return self._read(lease.pool, item)
        there = self.get(lease.pool)
        if there.lease(lease.id) is not None:  # the answer to a first attempt was lost, not its write
            return there
        raise self._refusal(there, terms)

    def claim(self, lease: Lease, now: float) -> Claim:
        """In whose name capacity may be launched at this moment.

        Raises `RefusedError` TD690 where that is nobody's, TD624 where the pool's item cannot be read.
        """
        item = self.item(lease.pool)
        if item is None or (why := lost(item, lease.id, now)):
            raise RefusedError.of(
                "TD690",
                "The lease no longer holds",
                detail=f"{lease.pool}: {why if item else 'its record is gone'}. Nothing is started without a lease.",
                fix="`tideform burst status` shows when the pool is idle; then run it again.",
            )
        return claim(item, lease.id)

    def starting(self, lease: Lease) -> PoolRecord | None:
        """Note that this lease brings the capacity. None: the lease is no longer held, or the pool has its capacity."""
        return self._update(
            lease.pool,
            "SET #state = :starting",
            "attribute_exists(leases.#id) AND #state IN (:idle, :starting)",  # starting: whoever brought it has failed
            lease_id=lease.id,
            values={":starting": State.STARTING, ":idle": State.IDLE},
        )

    def up(self, lease: Lease) -> PoolRecord | None:
        """Note that capacity is there, and that an ``up`` lease no longer hangs on its process.

        None: the lease is no longer held, and whoever has ended it takes the capacity away.
        """
        return self._update(
            lease.pool,
            "SET #state = :up, leases.#id.detached = :detached",
            "attribute_exists(leases.#id) AND #state <> :stopping",
            lease_id=lease.id,
            values={":up": State.UP, ":detached": lease.mode == Mode.UP, ":stopping": State.STOPPING},
        )

    def begun(self, lease: Lease, job: str, now: float) -> PoolRecord | None:
        """Note the ``job`` with which the lease ends, and that it hangs on no process. None: it is no longer held."""
        return self._update(
            lease.pool,
            "SET #state = :up, leases.#id.detached = :yes, leases.#id.job = :job, leases.#id.begun = :now",
            "attribute_exists(leases.#id) AND #state <> :stopping",
            lease_id=lease.id,
            values={":up": State.UP, ":yes": True, ":job": job, ":now": int(now), ":stopping": State.STOPPING},
        )

    def extend(self, lease: Lease, deadline: int) -> PoolRecord | None:
        """Move a lease's deadline later. None: it is no longer held, or its deadline is as late already.

        How late the owner may go is for the caller to say (`spec.leases`). Its end may be announced anew.
        """
        return self._update(
            lease.pool,
            "SET leases.#id.deadline = :deadline REMOVE leases.#id.warned_time, leases.#id.noticed ADD #token :one",
            "attribute_exists(leases.#id) AND leases.#id.deadline < :deadline AND #state <> :stopping",
            lease_id=lease.id,
            values={":deadline": deadline, ":one": 1, ":stopping": State.STOPPING},
        )

    def release(self, lease: Lease, now: float) -> PoolRecord | None:
        """Give the lease back. The last one stays, `State.STOPPING`, until its owner has ended the capacity.

        None: nothing is left to give back; a brake or another command has ended the lease, or is doing so.
        """
        key, held = self._key(lease.pool), lease.as_record()
        while True:
            self._put_count_right(lease.pool)
            shared = self._changed(lease.pool, lambda: self._pools.release_shared(key, lease.id, held, now))
            record = self._release_last(lease, now) if shared is None else self._read(lease.pool, shared)
            if record is not None:
                return record
            current = self.get(lease.pool)  # else a lease came or went between the attempts: one of them fits now
            if current.lease(lease.id) is None or current.state is State.STOPPING:
                return None

    def _put_count_right(self, pool: str) -> None:
        """A count that is not that of the leases says that others hold the pool, or that nobody does."""
        item = self.item(pool)
        if item is not None and item["count"] != len(item["leases"]):
            self._call(lambda: self._pools.recount(item))

    def take_over(self, record: PoolRecord, now: float) -> PoolRecord | None:
        """Be the one who takes the capacity away, because the last one died at it. None: somebody else is."""
        return self._update(
            record.pool,
            "SET stopper = :me, stopping_since = :now ADD #token :one",
            "#state = :stopping AND #token = :token",
            values={**_stopper(now), ":stopping": State.STOPPING, ":token": record.token, ":one": 1},
        )

    def stopped(self, record: PoolRecord, now: float) -> bool:
        """Capacity is gone: forget the leases. False when ``record`` has no longer the newest token."""
        item = {
            "pk": self._key(record.pool),
            "token": record.token,
            "leases": {lease.id: lease.as_record() for lease in record.leases},
            "ended": record.ended,
        }
        return self._changed(record.pool, lambda: self._pools.stopped(item, now)) is not None

    def settled(self, record: PoolRecord) -> bool:
        """Forget that the reaper has ended the pool: what it left is looked after. False: the pool has changed."""
        done = self._update(
            record.pool,
            "REMOVE reaped",
            "#token = :token AND #state = :idle",
            values={":token": record.token, ":idle": State.IDLE},
        )
        return done is not None

    def mend(self, pool: str, handle: Mapping[str, Any]) -> bool:
        """Make an item whole that cannot be read, once nothing of its pool is left. False: it can be read."""
        raw, now = self._call(lambda: self.items.get(self._key(pool))), self.cloud.clock()
        if raw is None or not isinstance(read(raw, now), Unreadable):
            return False
        return self._call(lambda: self._pools.mend(raw, handle, now))

    def forget_place(self, record: PoolRecord) -> bool:
        """Forget where an idle pool's capacity was, once there is none. False: the pool has changed meanwhile."""
        return self._call(lambda: self._pools.forget_place(self._key(record.pool), record.token)) is not None

    def _release_last(self, lease: Lease, now: float) -> PoolRecord | None:
        return self._update(
            lease.pool,
            "SET #state = :stopping, stopper = :me, stopping_since = :now ADD #token :one",
            "attribute_exists(leases.#id) AND #count = :one AND #state <> :stopping",
            lease_id=lease.id,
            values={**_stopper(now), ":stopping": State.STOPPING, ":one": 1},
        )

    def _refusal(self, record: PoolRecord, terms: Terms) -> TideformError:
        if not same_place(record.handle, terms.handle):
            return RefusedError(elsewhere(record, str(terms.handle.get("backend"))))
        return busy(record.pool)

    def _update(
        self, pool: str, change: str, condition: str, *, values: Mapping[str, Any], lease_id: str | None = None
    ) -> PoolRecord | None:
        """One conditional update; None when the condition does not hold."""
        names = {} if lease_id is None else {"#id": lease_id}
        item = self._changed(pool, lambda: self._pools.update(self._key(pool), change, condition, names, values))
        return None if item is None else self._read(pool, item)

    def _changed(self, pool: str, operation: Callable[[], T]) -> T:
        """As `_call`, for a change of the pool's item: one that does not fit what is there is no outage."""
        try:
            return self._call(operation)
        except CloudError as error:
            if error.__cause__ is not None and code_of(error.__cause__) == "ValidationException":
                self.get(pool)  # raises, where that is why
            raise

    def _call(self, operation: Callable[[], T]) -> T:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return operation()
        except (BotoCoreError, ClientError) as error:
            raise explained(self.name, error) from error

    @property
    def _pools(self) -> Pools:
        return Pools(self.items)

    def _key(self, pool: str) -> str:
        return f"{POOL}{self.identity(pool)}"


def _stopper(now: float) -> dict[str, Any]:
    return {":me": Process.current().as_record(), ":now": int(now)}
