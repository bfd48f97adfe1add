"""One job: a command that runs on several nodes at once, followed to its end or cancelled.

A job that is asked to end because its machine goes ends with a code like any other, and one of several nodes with
whatever the loss of a peer makes of it. So a code counts as the job's own only where all its machines stay.
https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tideform.backends.training.ec2.in_account import commands, ending, group
from tideform.backends.training.ec2.in_account.script import Node, Task
from tideform.burst.halt import Halt, limit_reached
from tideform.burst.log_stream import LogTail, finish_all
from tideform.burst.runner import OnLog
from tideform.cloud import Cloud
from tideform.errors import RefusedError, TideformError
from tideform.reaper import instances
from tideform.reaper.base import Handle
from tideform.spec.quantities import Duration


class NodeLost(Exception):  # noqa: N818  # an answer: the job may go on with another node
    """A node of the job was taken away."""


@dataclass
class Gang:
    """``comment`` ends in the lease; ``log_group`` gets the output of every node in a stream of its own.

    ``settle`` is how many seconds after a failure the end of a machine may still come to light.
    """

    cloud: Cloud
    handle: Handle
    comment: str
    log_group: str
    nodes: Sequence[Node]
    on_log: OnLog
    settle: float = 0.0
    command_id: str = ""
    _longest: int = field(default=0, init=False)
    _failed: float = field(default=0.0, init=False)
    _killed: dict[str, float] = field(default_factory=dict, init=False)
    _tails: list[LogTail] = field(default_factory=list, init=False)

    def start(self, task: Task, rest: int) -> None:
        """Send the command; SSM ends it after ``rest`` seconds. Raises `NodeLost` where a node is there no more."""
        self._longest = commands.longest(rest)
        try:
            self.command_id = commands.send(self.cloud, self.comment, self.log_group, task, self.nodes, rest)
        except self.cloud.client("ssm").exceptions.InvalidInstanceId as error:
            raise NodeLost(", ".join(self._going()) or "a machine") from error
        self._tails = [LogTail(self.cloud, self._prefixed(rank)) for rank in range(len(self.nodes))]

    def look(self, halt: Halt, poll: float) -> int | None:
        """Follow the logs; the exit code once every node has ended, the first one that is not zero as soon as it is.

        Raises `NodeLost`, and `RefusedError`: TD607 where the time that it had was up, TD612 where a command was ended
        before its end otherwise.
        """
        found = self._invocations()
        self._follow()
        ended = [one for one in found if one["Status"] not in commands.RUNS]
        if any(commands.out_of_time(one, self._longest) for one in ended):  # its machines go then as well, and no loss
            self.cancel()
            self._finish(halt, poll)
            raise limit_reached(f"its time is up: {Duration(self._longest).words} were left of its lease as it began")
        failed = next((one for one in ended if one["Status"] != "Success"), None)
        if failed is None and len(ended) == len(self.nodes) == len(found):
            self._finish(halt, poll)
            return 0
        if lost := self._lost(found) if failed is None else self._going():
            self.cancel()
            self._finish(halt, poll)
            raise NodeLost(", ".join(lost))
        if failed is None or not self._settled():
            return None
        self.cancel()
        self._finish(halt, poll)
        return self._exit_code(failed)

    def _exit_code(self, one: dict[str, Any]) -> int:
        code = commands.own_code(one, self._longest)
        if code is None:
            raise _ended_early(one)
        return code

    def cancel(self) -> None:
        """End it on every node."""
        if self.command_id:
            machines = [node.id for node in self.nodes]
            ending.cancel(self.cloud, [{"CommandId": self.command_id, "InstanceIds": machines}])

    def gone(self) -> bool:
        """Whether it runs nowhere any more: where SSM has ended it, its container may still save its work."""
        if not self.command_id:
            return True
        found = self._invocations()
        return not instances.running(self.cloud, self._open(found) | self._saving(found))

    def _saving(self, found: list[dict[str, Any]]) -> set[str]:
        """Where SSM ended it so lately that its container may not have ended: counted from when that was seen here."""
        now = self.cloud.clock()
        killed = [str(one["InstanceId"]) for one in found if commands.was_killed(one)]
        return {one for one in killed if now - self._killed.setdefault(one, now) <= commands.LEAVES}

    def _invocations(self) -> list[dict[str, Any]]:
        return commands.invocations(self.cloud, self.command_id)

    def _lost(self, found: list[dict[str, Any]]) -> list[str]:
        """The nodes that SSM waits for in vain: it does not hear of instances that end."""
        running = self._open(found)
        return sorted(running - {machine for machine, _ in instances.running(self.cloud, running)})

    @staticmethod
    def _open(found: list[dict[str, Any]]) -> set[str]:
        """The nodes on which SSM has not seen its end."""
        return {str(one["InstanceId"]) for one in found if one["Status"] in commands.RUNS}

    def _going(self) -> list[str]:
        return group.going(self.cloud, self.handle, [node.id for node in self.nodes])

    def _settled(self) -> bool:
        """EC2 and Auto Scaling may tell of a machine's end some seconds after its jobs have felt it."""
        self._failed = self._failed or time.monotonic()
        return time.monotonic() - self._failed >= self.settle

    def _follow(self) -> None:
        for tail, node in zip(self._tails, self.nodes, strict=True):
            stream = f"{self.command_id}/{node.id}/aws-runShellScript/stdout"
            options = {"awslogs-group": self.log_group}
            tail.follow({"logStreamName": stream, "logConfiguration": {"options": options}})

    def _finish(self, halt: Halt, poll: float) -> None:
        finish_all(self._tails, halt, poll)

    def _prefixed(self, rank: int) -> OnLog:
        """Lines of several nodes are told apart."""
        return self.on_log if len(self.nodes) == 1 else lambda line: self.on_log(f"[{rank}] {line}")


def _ended_early(one: dict[str, Any]) -> TideformError:
    return RefusedError.of(
        "TD612",
        "The job did not run to its end",
        detail=f"SSM says of {one['InstanceId']}: {one['StatusDetails']}.",
        fix="Look at the job's image, command and time-out.",
    )
