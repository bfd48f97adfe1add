"""The lease table in the account: each change of a pool is one conditional update of its one item.

There are no transactions and no read-then-write: what a caller may do next follows from the record that its
own write returned (``ReturnValues=ALL_NEW``).
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tideform.burst.lease import Lease, PoolRecord, State
from tideform.cloud import Cloud
from tideform.errors import CloudError, RefusedError, TideformError
from tideform.process import Process
from tideform.spec.deployment import Deployment

_NAMES = {"#count": "count", "#state": "state", "#token": "token"}
_PREFIX = "pool#"
_CONFLICT = "ConditionalCheckFailedException"


class BusyPoolError(RefusedError):
    """The pool's capacity is being taken away right now."""


@dataclass(frozen=True)
class LeaseTable:
    """The leases of one project and environment.

    ``made_as`` is under which name each renamed pool is kept, so that its leases outlive ``moved:``.
    """

    cloud: Cloud
    name: str
    made_as: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cloud: Cloud, deployment: Deployment) -> LeaseTable:
        """The table that the foundation layer makes."""
        names = {pool: deployment.identity("training", pool) for pool in deployment.spec.training}
        return cls(cloud, deployment.physical_name("leases"), names)

    def get(self, pool: str) -> PoolRecord:
        """The pool's record; an idle one where there was never a burst."""
        answer = self._call("get_item", Key=self._key(pool), ConsistentRead=True)
        return _record(pool, answer.get("Item"))

    def all(self) -> list[PoolRecord]:
        """Every pool's record; none where foundation is not applied."""
        try:
            items = self._items()
        except RefusedError:
            return []
        called = {made_as: pool for pool, made_as in self.made_as.items()}
        keys = [str(item["pk"]["S"]).removeprefix(_PREFIX) for item in items]
        return [_record(called.get(key, key), item) for key, item in zip(keys, items, strict=True)]

    def acquire(self, lease: Lease) -> PoolRecord:
        """Add the lease. Raises `BusyPoolError` while capacity is being taken away."""
        self._seed(lease.pool)
        record = self._update(
            lease.pool,
            "SET leases.#id = :lease, tokens.#id = #token + :one ADD #count :one, #token :one",
            "attribute_not_exists(leases.#id) AND #state <> :stopping",
            lease_id=lease.id,
            values={":lease": lease.as_record(), ":one": 1, ":stopping": State.STOPPING},
        )
        if record is None:
            raise BusyPoolError.of(
                "TD604",
                "The pool is being taken down",
                detail=f"A burst of {lease.pool} is just ending; its teardown would end a new one too.",
                fix="Try again in a minute; `tideform burst status` shows when the pool is idle.",
            )
        return record

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
            values={":up": State.UP, ":detached": lease.mode == "up", ":stopping": State.STOPPING},
        )

    def release(self, lease: Lease, now: float) -> PoolRecord | None:
        """Give the lease back. The last one stays, `State.STOPPING`, until its owner has ended the capacity.

        None: nothing is left to give back; a brake or another command has ended the lease, or is doing so.
        """
        while True:
            record = self._release_shared(lease) or self._release_last(lease, now)
            if record is not None:
                return record
            current = self.get(lease.pool)  # else a lease came or went between the attempts: one of them fits now
            if current.lease(lease.id) is None or current.state is State.STOPPING:
                return None

    def take_over(self, record: PoolRecord, now: float) -> PoolRecord | None:
        """Be the one who takes the capacity away, because the last one died at it. None: somebody else is."""
        return self._update(
            record.pool,
            "SET stopper = :me, stopping_since = :now ADD #token :one",
            "#state = :stopping AND #token = :token",
            values={**_stopper(now), ":stopping": State.STOPPING, ":token": record.token, ":one": 1},
        )

    def stopped(self, record: PoolRecord) -> bool:
        """Capacity is gone: forget the leases. False when ``record`` has no longer the newest token."""
        done = self._update(
            record.pool,
            "SET #state = :idle, #count = :none, leases = :empty, tokens = :empty REMOVE stopper, stopping_since",
            "#state = :stopping AND #token = :token",
            values={
                ":idle": State.IDLE,
                ":none": 0,
                ":empty": {},
                ":stopping": State.STOPPING,
                ":token": record.token,
            },
        )
        return done is not None

    def _release_shared(self, lease: Lease) -> PoolRecord | None:
        return self._update(
            lease.pool,
            "REMOVE leases.#id, tokens.#id ADD #count :less, #token :one",
            "attribute_exists(leases.#id) AND #count > :one",
            lease_id=lease.id,
            values={":less": -1, ":one": 1},
        )

    def _release_last(self, lease: Lease, now: float) -> PoolRecord | None:
        return self._update(
            lease.pool,
            "SET #state = :stopping, stopper = :me, stopping_since = :now ADD #token :one",
            "attribute_exists(leases.#id) AND #count = :one AND #state <> :stopping",
            lease_id=lease.id,
            values={**_stopper(now), ":stopping": State.STOPPING, ":one": 1},
        )

    def _seed(self, pool: str) -> None:
        """Make the item if it is absent: an update cannot set a key inside a map that does not exist."""
        self._update(
            pool,
            "SET leases = :empty, tokens = :empty, #count = :zero, #token = :zero, #state = :idle",
            "attribute_not_exists(pk)",
            values={":empty": {}, ":zero": 0, ":idle": State.IDLE},
        )

    def _update(
        self,
        pool: str,
        change: str,
        condition: str,
        *,
        values: Mapping[str, Any],
        lease_id: str | None = None,
    ) -> PoolRecord | None:
        """One conditional update; None when the condition does not hold."""
        used = {alias: name for alias, name in _NAMES.items() if alias in change + condition}
        if lease_id is not None:
            used["#id"] = lease_id
        answer = self._call(
            "update_item",
            Key=self._key(pool),
            UpdateExpression=change,
            ConditionExpression=condition,
            ExpressionAttributeNames=used,
            ExpressionAttributeValues=_serialize(values),
            ReturnValues="ALL_NEW",
        )
        return _record(pool, answer["Attributes"]) if answer else None

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Call DynamoDB; an empty answer stands for a condition that did not hold."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: dict[str, Any] = getattr(self.cloud.client("dynamodb"), operation)(TableName=self.name, **arguments)
        except (BotoCoreError, ClientError) as error:
            if _code(error) == _CONFLICT:
                return {}
            raise _explain(self.name, error) from error
        return answer

    def _items(self) -> list[dict[str, Any]]:
        """The pools' items, page by page: one answer holds a megabyte."""
        found: list[dict[str, Any]] = []
        start: dict[str, Any] = {}
        while True:
            page = self._call("scan", ConsistentRead=True, **start)
            found += [item for item in page["Items"] if _is_pool(item)]
            if not page.get("LastEvaluatedKey"):
                return found
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _key(self, pool: str) -> dict[str, Any]:
        return {"pk": {"S": f"{_PREFIX}{self.made_as.get(pool, pool)}"}}


def _code(error: Exception) -> str:
    """What the service calls the problem; nothing where it did not answer at all."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def _explain(table: str, error: Exception) -> TideformError:
    if _code(error) == "ResourceNotFoundException":
        return RefusedError.of(
            "TD601",
            "Foundation is not applied",
            detail=f"There is no lease table {table}. Without a record nothing could end a burst for sure.",
            fix="Run `tideform apply` first.",
        )
    return CloudError.of("TD617", "The lease table could not be used", detail=str(error))


def _is_pool(item: Mapping[str, Any]) -> bool:
    return str(item["pk"]["S"]).startswith(_PREFIX)


def _stopper(now: float) -> dict[str, Any]:
    return {":me": Process.current().as_record(), ":now": int(now)}


def _serialize(values: Mapping[str, Any]) -> dict[str, Any]:
    from boto3.dynamodb.types import TypeSerializer

    serialize = TypeSerializer().serialize
    return {name: serialize(str(v) if isinstance(v, State) else v) for name, v in values.items()}


def _record(pool: str, item: Mapping[str, Any] | None) -> PoolRecord:
    from boto3.dynamodb.types import TypeDeserializer

    if not item:
        return PoolRecord(pool)
    values = {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
    tokens = values["tokens"]
    leases = [Lease.from_record(pool, key, r, int(tokens.get(key, 0))) for key, r in values["leases"].items()]
    return PoolRecord(
        pool=pool,
        state=State(values["state"]),
        count=int(values["count"]),
        token=int(values["token"]),
        leases=tuple(sorted(leases, key=lambda lease: lease.created)),
        stopper=Process.from_record(values["stopper"]) if "stopper" in values else None,
        stopping_since=int(values.get("stopping_since", 0)),
    )
