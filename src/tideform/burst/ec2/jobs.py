"""What runs on a pool's nodes: one job on several, or many jobs side by side; it starts again when a node is lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tideform.burst.ec2.gang import Gang, NodeLost
from tideform.burst.ec2.pace import Pace
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease
from tideform.burst.reaper import group
from tideform.burst.reaper.base import Handle
from tideform.burst.reaper.starting.ec2_script import Node, Task
from tideform.burst.runner import OnLog, Work
from tideform.catalogue.training._ec2 import GroupNames
from tideform.catalogue.training.base import PoolOrder
from tideform.cloud import Cloud
from tideform.components.job_environment import image_of, secret_arn, variables
from tideform.components.scope import Scope
from tideform.errors import RefusedError, TideformError
from tideform.spec.deployment import Deployment

_ATTEMPTS = 5  # of one job; only a node that was taken away makes it start again
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
        waiting = deque((own, 1) for own in members(work))
        size = max(work.nodes, 1 if work.array else self.deployment.spec.training[self.pool].job.nodes)
        running: list[tuple[Gang, _Own, int]] = []
        codes: list[int] = []
        try:
            while waiting or running:
                halt.check()
                while waiting and len(running) < max(work.at_once, 1):
                    free = self._free(running, size, halt, must=not running)
                    if free is None:
                        break
                    own, attempt = waiting.popleft()
                    gang = self._start(lease, work, own, free, on_log, rest())
                    running.append((gang, own, attempt))
                for entry in running:
                    self._look(entry, running, waiting, codes, on_log, halt)
                if running:
                    halt.wait(self.pace.poll)
        except BaseException:
            for gang, _, _ in running:
                gang.cancel()
            raise
        return next((code for code in codes if code), 0)

    def reachable(self, ids: list[str], halt: Halt) -> None:
        """Wait until SSM's agent on each of these machines has reported."""
        while not group.reachable(self.cloud, ids):
            halt.pause(self.pace.poll)

    def _look(
        self,
        entry: tuple[Gang, _Own, int],
        running: list[tuple[Gang, _Own, int]],
        waiting: deque[tuple[_Own, int]],
        codes: list[int],
        on_log: OnLog,
        halt: Halt,
    ) -> None:
        gang, own, attempt = entry
        try:
            code = gang.look(halt, self.pace.poll)
        except NodeLost as lost:
            running.remove(entry)
            if attempt >= _ATTEMPTS:
                raise _too_often(self.pool, attempt) from lost
            on_log(f"tideform: {lost} was taken away; the job starts again where its checkpoints are.")
            waiting.append((own, attempt + 1))
            return
        if code is not None:
            running.remove(entry)
            codes.append(code)

    def _start(self, lease: Lease, work: Work, own: _Own, nodes: list[Node], on_log: OnLog, rest: int) -> Gang:
        names = GroupNames(self.deployment, self.pool)
        gang = Gang(self.cloud, f"{names.comment}{lease.id}", names.log_group, nodes, on_log)
        task = task_of(self.deployment, self.pool, work, {**own, "TIDEFORM_LEASE": lease.id})
        gang.start(task, rest)
        return gang

    def _free(self, running: list[tuple[Gang, _Own, int]], size: int, halt: Halt, *, must: bool) -> list[Node] | None:
        """So many nodes that nothing of this burst runs on; None if there are not, and one need not wait for them."""
        while True:
            busy = {node.id for gang, _, _ in running for node in gang.nodes}
            free = [node for node in self._nodes() if node.id not in busy]
            if len(free) >= size:
                self.reachable([node.id for node in free[:size]], halt)
                return free[:size]
            if not must:
                return None
            halt.pause(self.pace.poll)

    def _nodes(self) -> list[Node]:
        """The members in service, the oldest first: that one is where the others meet."""
        return [Node(*one) for one in group.running(self.cloud, group.in_service(self.cloud, self.handle))]


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
