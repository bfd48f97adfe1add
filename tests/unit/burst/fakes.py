"""A backend in memory that notes what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tideform.burst.begin import Begins
from tideform.burst.brakes import Brake, Kind
from tideform.burst.clearance import Hooks, Patience
from tideform.burst.halt import Halt, Pause
from tideform.burst.lease import Lease
from tideform.burst.receipt import Receipt
from tideform.burst.runner import Instance, Job, OnLog
from tideform.burst.runner import Work as Asked
from tideform.burst.session import Session
from tideform.burst.table import LeaseTable, Terms
from tideform.burst.teardown import Teardown
from tideform.reaper.base import Node
from tideform.resources.inventory import Leftover
from tideform.spec.training import Pool

HANDLE = {"backend": "batch", "job_queue": "fit", "tags": {"tideform:unit": "fit"}}
START = 1_800_000_000.0
Work = Callable[[Lease, OnLog, Halt], int]


@dataclass
class FakeRunner(Begins):
    """Capacity is one instance; ``stubborn`` steps down answer 'not yet'."""

    calls: list[str]
    work: Work = lambda _lease, _log, _halt: 0
    missing: str = ""
    of_pool: bool = False
    stubborn: int = 0
    instances: tuple[Instance, ...] = ()
    brought: tuple[Instance, ...] = ()
    others: tuple[Job, ...] = ()
    on_up: Callable[[], None] = lambda: None
    on_down: Callable[[], None] = lambda: None
    on_end: Callable[[], None] = lambda: None
    on_room: Callable[[Lease, Asked, Halt], None] = lambda _lease, _work, _halt: None
    stuck_as: str = ""

    def brakes(self) -> tuple[Brake, ...]:
        return (Brake("time-out", Kind.BOUNDING, "for the tests", lambda: self.missing, self.of_pool),)

    def up(self, lease: Lease, halt: Halt, work: Asked | None = None) -> None:
        self.calls.append("up")
        self.instances = self.brought = (Instance("i-1", "c5.large", "running", spot=False, launched=START),)
        self.on_up()

    def run(self, lease: Lease, work: Asked, on_log: OnLog, halt: Halt) -> int:
        self.calls.append("run")
        return self.work(lease, on_log, halt)

    def make_room(self, lease: Lease, work: Asked, halt: Halt) -> None:
        self.on_room(lease, work, halt)

    def stuck(self) -> str:
        return self.stuck_as

    def begin(self, lease: Lease, work: Asked, halt: Halt) -> str:
        self.calls.append("begin")
        self.instances = self.brought = (Instance("i-1", "c5.large", "running", spot=False, launched=START),)
        self.work(lease, self.calls.append, halt)
        return "job-1"

    def end_jobs(self, lease: Lease | None) -> None:
        self.calls.append("end jobs")
        self.on_end()

    def down(self) -> bool:
        self.calls.append("down")
        self.on_down()
        if self.stubborn:
            self.stubborn -= 1
            return False
        self.instances = ()
        return True

    def capacity(self) -> tuple[Instance, ...]:
        return self.instances

    def jobs(self) -> tuple[Job, ...]:
        return self.others

    def receipt(self) -> Receipt:
        found = tuple(Leftover("ec2", "instance", instance.id) for instance in self.instances)
        return Receipt("capacity of fit", leftovers=found, asked=1)


@dataclass
class Stage:
    """Everything that a session needs, its calls in one list, and a clock that tests move."""

    table: LeaseTable
    pool: Pool
    calls: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    now: float = START
    removes: bool = False
    stop_usd: float | None = None
    fail_destroy: list[Exception] = field(default_factory=list)
    on_lock: Callable[[], object] | None = None

    def __post_init__(self) -> None:
        self.runner = FakeRunner(self.calls)

    def teardown(self) -> Teardown:
        return Teardown(
            pool="fit",
            runner=self.runner,
            table=self.table,
            receipt=self.runner.receipt,
            patience=Patience(limit=0.05, poll=0.01),
            removes=lambda: self.removes,
            hooks=Hooks(lambda _: self.calls.append("apply"), self._destroy, self._lock),
            say=self.said.append,
            clock=lambda: self.now,
            terms=Terms(HANDLE, {"c5.large": 0.085}),
            nodes=self._nodes,
        )

    def session(self) -> Session:
        return Session(self.pool, self.teardown(), self.stop_usd)

    def _nodes(self) -> list[Node]:
        """What stands, and what has just ended, as EC2 tells it."""
        there = {instance.id for instance in self.runner.instances}
        return [
            Node(one.id, one.type, "running", one.spot, one.launched)
            if one.id in there
            else Node(one.id, one.type, "terminated", one.spot, one.launched, ended=self.now)
            for one in self.runner.brought
        ]

    def _destroy(self, _pool: str) -> None:
        self.calls.append("destroy")
        if self.fail_destroy:
            raise self.fail_destroy.pop(0)

    @contextmanager
    def _lock(self, _pool: str, pause: Pause) -> Iterator[None]:
        if self.on_lock is not None:  # others hold it for a while
            self.on_lock()
            pause(0)
        self.calls.append("lock")
        yield
        self.calls.append("unlock")
