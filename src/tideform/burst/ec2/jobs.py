"""What runs on a pool's nodes: one job on several, or many jobs side by side; it starts again when a node is lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tideform.burst.ec2.gang import Gang, NodeLost
from tideform.burst.ec2.pace import Pace
from tideform.burst.ec2.script import Node, Task
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease
from tideform.burst.reaper import instances
from tideform.burst.reaper.base import Handle
from tideform.burst.reaper.endings import ec2 as ending
from tideform.burst.runner import OnLog, Work
from tideform.catalogue.training._ec2 import GroupNames
from tideform.catalogue.training.base import PoolOrder
from tideform.cloud import Cloud
from tideform.components.job_environment import image_of, secret_arn, variables
from tideform.components.scope import Scope
from tideform.errors import RefusedError, TideformError
from tideform.spec.deployment import Deployment

_ATTEMPTS = 5  # of one job; only a node that was taken away makes it start again
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
        waiting = deque((own, 1) for own in (work.array or ({},)))
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
        ssm = self.cloud.client("ssm")
        while True:
            filters = [{"Key": "InstanceIds", "Values": ids}]
            pages = ssm.get_paginator("describe_instance_information").paginate(Filters=filters)
            found = {one["InstanceId"] for page in pages for one in page["InstanceInformationList"]
                     if one["PingStatus"] == "Online"}  # fmt: skip
            if found >= set(ids):
                return
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
        gang.start(self._task(lease, work, own), rest)
        return gang

    def _task(self, lease: Lease, work: Work, own: _Own) -> Task:
        pool = self.deployment.spec.training[self.pool]
        scope = Scope(self.deployment, "training", self.deployment.identity("training", self.pool))
        order: Any = PoolOrder(self.pool, pool, scope, None, None)  # type: ignore[arg-type]  # words alone are read
        return Task(
            command=work.command or pool.job.command,
            image=image_of(work.image or pool.job.image, scope),
            environment={**variables(order), **work.environment, **own, "TIDEFORM_LEASE": lease.id},
            secrets={name: secret_arn(reference, scope) for name, reference in pool.job.secrets.items()},
        )

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
        found = ending.group(self.cloud, self.handle)
        members = found["Instances"] if found else []
        ids = [one["InstanceId"] for one in members if one["LifecycleState"] == "InService"]
        if not ids:
            return []
        running = [{"Name": "instance-id", "Values": ids}, {"Name": "instance-state-name", "Values": ["running"]}]
        there = sorted(instances.described(self.cloud, running), key=lambda i: (i["LaunchTime"], i["InstanceId"]))
        return [Node(one["InstanceId"], one["PrivateIpAddress"]) for one in there]


def _too_often(pool: str, attempts: int) -> TideformError:
    return RefusedError.of(
        "TD645",
        "The job lost its machines too often",
        detail=f"A machine of {pool} was taken away in each of {attempts} attempts.",
        fix="Use capacity: {spot: never}, other instance types, or more zones.",
    )
