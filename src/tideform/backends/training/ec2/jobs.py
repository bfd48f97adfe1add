"""What runs on a pool's nodes: one job on several, or many jobs side by side; it starts again when a node is lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tideform.backends.training.ec2.gang import Gang, NodeLost
from tideform.backends.training.ec2.in_account import commands, group
from tideform.backends.training.ec2.in_account.script import Node, Task
from tideform.backends.training.ec2.names import GroupNames
from tideform.backends.training.ec2.pace import Pace
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease
from tideform.burst.runner import OnLog, Work
from tideform.burst.waiting import Waiting
from tideform.cloud import Cloud
from tideform.components.jobs.environment import image_of, secret_arn, variables
from tideform.components.scope import Scope
from tideform.errors import RefusedError, TideformError
from tideform.reaper import instances
from tideform.reaper.base import Handle
from tideform.reaper.starting.base import ATTEMPTS
from tideform.registry.training import PoolOrder
from tideform.spec.deployment import Deployment
from tideform.words import counted

_URI = "TIDEFORM_CHECKPOINT_URI"
_Own = Mapping[str, str]


@dataclass(frozen=True)
class Jobs:
    """The jobs of one pool."""

    cloud: Cloud
    deployment: Deployment
    pool: str
    handle: Handle
    pace: Pace

    def run(self, lease: Lease, work: Work, on_log: OnLog, halt: Halt, rest: Callable[[], int]) -> int:
        """Run all of it; the first exit code that is not zero, once everything has ended."""
        return _Run(self, lease, work, on_log, halt, rest, work.nodes).run()

    def machines(self, work: Work) -> int:
        """How many machines all of it takes when nothing of it waits for the rest."""
        return work.nodes * len(members(work))

    def send(self, lease: Lease, work: Work, nodes: Sequence[Node], rest: int) -> list[str]:
        """Send every part to machines of its own, without following any; the commands' ids. ``rest`` is in seconds."""
        size, names = work.nodes, GroupNames(self.deployment, self.pool)
        comment, sent = f"{names.comment}{lease.id}", list[str]()
        for place, own in enumerate(members(work)):
            task = task_of(self.deployment, self.pool, work, {**own, "TIDEFORM_LEASE": lease.id})
            chosen = nodes[place * size : (place + 1) * size]
            sent.append(commands.send(self.cloud, comment, names.log_group, task, chosen, rest))
        return sent

    def ready(self, size: int, halt: Halt) -> list[Node]:
        """Wait until there are so many machines in service that SSM reaches; one that goes meanwhile is not waited for.

        The oldest come first.
        """
        waiting = Waiting(halt.say)
        while (found := self.free(size, ())) is None:
            waiting.on(f"Waiting for Systems Manager to reach {counted(size, 'machine')} of {self.pool}.")
            halt.pause(self.pace.poll)
        return found

    def free(self, size: int, busy: Collection[str]) -> list[Node] | None:
        """So many machines in service that SSM reaches, but for the busy ones; None where there are not.

        The oldest come first: that one is where the others meet.
        """
        there = instances.running(self.cloud, group.in_service(self.cloud, self.handle))
        found = [Node(*one) for one in there if one[0] not in busy][:size]
        return found if len(found) == size and group.reachable(self.cloud, [node.id for node in found]) else None


@dataclass
class _Attempt:
    """A job on its nodes, and how often it has begun."""

    gang: Gang
    own: _Own
    number: int


@dataclass
class _Run:
    """One job, or the many of an array, ``size`` machines each."""

    jobs: Jobs
    lease: Lease
    work: Work
    on_log: OnLog
    halt: Halt
    rest: Callable[[], int]
    size: int
    _waiting: deque[tuple[_Own, int]] = field(init=False)
    _running: list[_Attempt] = field(default_factory=list, init=False)
    _leaving: list[_Attempt] = field(default_factory=list, init=False)
    _codes: list[int] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._waiting = deque((own, 1) for own in members(self.work))

    def run(self) -> int:
        """The first exit code that is not zero, once everything has ended."""
        waiting = Waiting(self.halt.say)
        try:
            while self._left:
                self.halt.check()
                self._let_leave()
                self._start_more()
                lacks = f"{counted(self.size, 'machine')} that Systems Manager reaches"
                waiting.on("" if self._running else f"{self.jobs.pool}: the job waits for {lacks}.")
                for attempt in list(self._running):
                    self._look(attempt)
                if self._left:
                    self.halt.wait(self.jobs.pace.poll)
        except BaseException:
            for attempt in self._running:
                attempt.gang.cancel()
            raise
        return next((code for code in self._codes if code), 0)

    @property
    def _left(self) -> bool:
        return bool(self._waiting or self._running or self._leaving)

    def _let_leave(self) -> None:
        """A job that lost a machine begins anew when it runs on none of the others: it never runs twice at once."""
        for attempt in [one for one in self._leaving if one.gang.gone()]:
            self._leaving.remove(attempt)
            self._waiting.append((attempt.own, attempt.number + 1))

    def _start_more(self) -> None:
        while self._waiting and len(self._running) < max(self.work.at_once, 1):
            there = (*self._running, *self._leaving)
            nodes = self.jobs.free(self.size, {node.id for one in there for node in one.gang.nodes})
            if nodes is None:
                return
            own, number = self._waiting.popleft()
            attempt = _Attempt(self._gang(nodes), own, number)
            self._running.append(attempt)
            with self._going_on(attempt):
                attempt.gang.start(self._task(own), self.rest())
            if attempt not in self._running:  # its machines went while it was sent: look anew who is there
                return

    def _look(self, attempt: _Attempt) -> None:
        with self._going_on(attempt):
            if (code := attempt.gang.look(self.halt, self.jobs.pace.poll)) is not None:
                self._running.remove(attempt)
                self._codes.append(code)

    @contextmanager
    def _going_on(self, attempt: _Attempt) -> Iterator[None]:
        """Let a job whose machine goes begin anew. Raises `RefusedError` TD645 where it has begun often enough."""
        try:
            yield
        except NodeLost as lost:
            self._again(attempt, lost)

    def _again(self, attempt: _Attempt, lost: NodeLost) -> None:
        self._running.remove(attempt)
        if attempt.number >= ATTEMPTS:
            raise _too_often(self.jobs.pool, attempt.number) from lost
        self.on_log(f"tideform: {lost} was taken away; the job starts again where its checkpoints are.")
        self._leaving.append(attempt)

    def _gang(self, nodes: list[Node]) -> Gang:
        jobs, names = self.jobs, GroupNames(self.jobs.deployment, self.jobs.pool)
        comment = f"{names.comment}{self.lease.id}"
        return Gang(jobs.cloud, jobs.handle, comment, names.log_group, nodes, self.on_log, jobs.pace.settle)

    def _task(self, own: _Own) -> Task:
        jobs = self.jobs
        return task_of(jobs.deployment, jobs.pool, self.work, {**own, "TIDEFORM_LEASE": self.lease.id})


def members(work: Work) -> list[_Own]:
    """The variables of each job of an array, which saves its work in a place of its own; one without any otherwise."""
    saved = work.environment.get(_URI, "")
    return [{**own, **({_URI: f"{saved}/{index}"} if saved else {})} for index, own in enumerate(work.array)] or [{}]


def task_of(deployment: Deployment, pool: str, work: Work, own: _Own) -> Task:
    """What one job runs on its nodes: the pool's own words, the burst's and the job's."""
    spec = deployment.spec.training[pool]
    scope = Scope(deployment, "training", deployment.identity("training", pool))
    order: Any = PoolOrder(pool, spec, scope, None, None)  # type: ignore[arg-type]  # words alone are read
    return Task(
        command=work.command or spec.job.command,
        image=image_of(work.image or spec.job.image, scope),
        environment={**variables(order), **work.environment, **own},
        secrets={name: secret_arn(reference, scope) for name, reference in spec.job.secrets.items()},
    )


def _too_often(pool: str, attempts: int) -> TideformError:
    return RefusedError.of(
        "TD645",
        "The job lost its machines too often",
        detail=f"A machine of {pool} was taken away in each of {attempts} attempts.",
        fix="Use capacity: {spot: never}, other instance types, or more zones.",
    )
