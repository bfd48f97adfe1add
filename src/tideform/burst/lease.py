"""Leases: who holds a pool's capacity, until when, and for how much. Data only; `burst.table` keeps it.

A pool's record is one item: its state, how many leases it has, a fencing token that grows with every
change, and the leases themselves. Whoever changes capacity does so in the name of a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tideform.process import Process, user
from tideform.reaper import modes, states
from tideform.reaper.decide import NOTICED, WARNINGS
from tideform.reaper.job_name import job_name, new_lease_id
from tideform.spec.training import Pool

# Seconds from the lease of a `Mode.JOB` to its job: others' changes, definitions and machines take minutes each. One
# that is killed in between is given up by the reaper then, and by the next command on the same machine at once.
_TO_BEGIN = 1800


class Mode(StrEnum):
    """How a burst was asked for, and so what ends it."""

    RUN = modes.RUN
    UP = modes.UP
    SCHEDULE = modes.SCHEDULE
    JOB = modes.JOB


class State(StrEnum):
    """What a pool's capacity is doing."""

    IDLE = states.IDLE
    STARTING = states.STARTING
    UP = states.UP
    STOPPING = states.STOPPING


@dataclass(frozen=True)
class Lease:
    """One burst of one pool. Times are seconds since the epoch; ``cap_usd`` is the most it may spend.

    A lease that is not ``detached`` ends with its process: every ``run``, an ``up`` until it is up, and a ``job`` until
    it has begun, which it has to by ``begin_by``. ``job`` is then what its backend calls it.
    ``hourly_usd`` is what the whole pool was thought to cost when the burst began; None: unknown. ``checkpoint_uri``
    (``s3://bucket/prefix``) is where its work is saved, ``said`` which warnings it has had (`reaper.decide`).
    """

    id: str
    pool: str
    owner: str
    process: Process
    mode: Mode
    created: int
    deadline: int
    cap_usd: Decimal | None
    hourly_usd: Decimal | None = None
    detached: bool = False
    token: int = 0
    checkpoint_uri: str = ""
    said: tuple[str, ...] = ()
    begin_by: int = 0
    job: str = ""

    def as_record(self) -> dict[str, Any]:
        """For the table; the token is kept apart, because the same write makes it."""
        return {
            "owner": self.owner,
            "process": self.process.as_record(),
            "mode": str(self.mode),
            "created": self.created,
            "deadline": self.deadline,
            "cap_usd": None if self.cap_usd is None else str(self.cap_usd),
            "hourly_usd": None if self.hourly_usd is None else str(self.hourly_usd),
            "detached": self.detached,
            **({"checkpoint_uri": self.checkpoint_uri} if self.checkpoint_uri else {}),
            **({"begin_by": self.begin_by} if self.begin_by else {}),
        }

    @classmethod
    def from_record(cls, pool: str, lease_id: str, record: Mapping[str, Any], token: int) -> Lease:
        """Read what `as_record` wrote."""
        return cls(
            id=lease_id,
            pool=pool,
            owner=record["owner"],
            process=Process.from_record(record["process"]),
            mode=Mode(record["mode"]),
            created=int(record["created"]),
            deadline=int(record["deadline"]),
            cap_usd=_money(record["cap_usd"]),
            hourly_usd=_money(record.get("hourly_usd")),
            detached=bool(record["detached"]),
            token=token,
            checkpoint_uri=record.get("checkpoint_uri", ""),
            said=tuple(what for what in (*WARNINGS, NOTICED) if what in record),
            begin_by=int(record.get("begin_by", 0)),
            job=record.get("job", ""),
        )

    @property
    def job_name(self) -> str:
        """What people call what it runs, on every backend."""
        return job_name(self.pool, self.id)

    @property
    def alone(self) -> bool:
        """Whether it is held for its job, and by no command or person: who ends that job ends it."""
        return self.mode in (Mode.JOB, Mode.SCHEDULE)

    def rest(self, now: float) -> int:
        """Whole seconds until the deadline; never negative."""
        return max(0, int(self.deadline - now))

    def spent(self, now: float) -> Decimal | None:
        """About what the burst has cost, by what the pool was thought to cost when it began; None: unknown."""
        return None if self.hourly_usd is None else self.hourly_usd * int(now - self.created) / 3600

    def orphaned(self, now: float) -> str:
        """Why nobody will end this burst any more; empty if somebody will."""
        if now >= self.deadline:
            return "its lease has run out"
        if self.detached and self.cap_usd is not None and (self.spent(now) or 0) >= self.cap_usd:
            return f"its spend cap of {self.cap_usd} USD is used up"
        if not self.detached and self.process.known_dead:
            return f"its process {self.process.pid} is gone"
        return ""


@dataclass(frozen=True)
class PoolRecord:
    """A pool's item. ``stopper`` is the process that takes the capacity away, since ``stopping_since``.

    ``reaped`` is when the reaper ended it, until a command has looked after what the reaper leaves: definitions.
    ``ended`` are leases that the meter has not been told of; ``handle`` and ``prices`` are those of the last lease.
    """

    pool: str
    state: State = State.IDLE
    count: int = 0
    token: int = 0
    leases: tuple[Lease, ...] = ()
    stopper: Process | None = None
    stopping_since: int = 0
    reaped: int = 0
    ended: Mapping[str, Any] = field(default_factory=dict, compare=False)
    handle: Mapping[str, Any] = field(default_factory=dict, compare=False)
    prices: Mapping[str, float] = field(default_factory=dict, compare=False)

    @property
    def held(self) -> bool:
        """Whether it has capacity, may have some, or is about to."""
        return bool(self.leases) or self.state is not State.IDLE

    @property
    def holders(self) -> str:
        """Who holds it, in words."""
        return ", ".join(sorted({lease.owner for lease in self.leases})) or "nobody"

    def lease(self, lease_id: str) -> Lease | None:
        """The lease of that id, if it is still held."""
        return next((lease for lease in self.leases if lease.id == lease_id), None)


def new_lease(name: str, pool: Pool, mode: Mode, *, now: float, hourly_usd: Decimal | None) -> Lease:
    """A lease for this process, as long and as dear as the spec allows."""
    created = int(now)
    deadline = created + pool.lease.seconds
    return Lease(
        id=new_lease_id(),
        pool=name,
        owner=user(),
        process=Process.current(),
        mode=mode,
        created=created,
        deadline=deadline,
        cap_usd=None if pool.max_cost is None else pool.max_cost.usd,
        hourly_usd=hourly_usd,
        begin_by=min(deadline, created + _TO_BEGIN) if mode is Mode.JOB else 0,
    )


def _money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
