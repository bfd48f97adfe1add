"""One job of several nodes on AWS Batch: its first node that fails ends it, and a lost machine makes it begin again.

Batch looks at the main node alone: its exit ends the others, and where it loses its machine all are tried again. When
another node fails, or loses its machine, Batch takes no action, and the rest would wait for it for as long as the job
may run: so the job is ended here.
https://docs.aws.amazon.com/batch/latest/userguide/job-lifecycle.html
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tideform.backends.training.batch.in_account import ending
from tideform.backends.training.batch.in_account.starting import failed_first, lost_machine
from tideform.backends.training.batch.jobs import BatchJobs, exit_code, waits
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease
from tideform.burst.log_stream import LogTail, finish_all
from tideform.burst.runner import OnLog, Work
from tideform.burst.waiting import Waiting
from tideform.reaper.batch_states import ENDED

_TRIES = 5


class _NodeLost(Exception):  # noqa: N818  # an answer: all nodes may begin again
    """A node other than the main one lost its machine."""


def run_gang(jobs: BatchJobs, lease: Lease, work: Work, on_log: OnLog, halt: Halt, *, rest: int) -> int:
    """Submit and follow; the exit code of the first node that failed, 0 where the main one ended well before that.

    Raises `RefusedError` TD612 where a node did not run to its end.
    """
    over = time.monotonic() + rest
    for again in range(_TRIES):
        job_id = jobs.submit_nodes(lease, work, int(over - time.monotonic()))
        try:
            return _Following(jobs, job_id, on_log, halt, retried=again < _TRIES - 1).code()
        except _NodeLost as lost:
            on_log(f"tideform: {lost} lost its machine; all nodes begin again")
    raise AssertionError("the last try returns")


@dataclass
class _Following:
    """One job on its way. ``retried``: a lost machine is no failure yet."""

    jobs: BatchJobs
    job_id: str
    on_log: OnLog
    halt: Halt
    retried: bool
    _tails: dict[int, LogTail] = field(default_factory=dict, init=False)

    def code(self) -> int:
        """Raises `_NodeLost`, once the job is over."""
        decided: dict[str, Any] | None = None
        waiting = Waiting(self.halt.say)
        while True:
            job = self.jobs.describe(self.job_id)
            waiting.on(waits(job))
            nodes = self.jobs.describe_nodes(self.job_id, int(job["nodeProperties"]["numNodes"]))
            self._follow(nodes)
            over = job["status"] in ENDED
            decided = decided or failed_first(job, nodes)
            if over:
                return self._told(job, nodes, decided)
            if decided is not None:
                ending.terminate(self.jobs.cloud, self.job_id, reason=f"node {_place(decided)} failed")
            self.halt.check()
            self.halt.wait(self.jobs.poll)

    def _follow(self, nodes: Sequence[dict[str, Any]]) -> None:
        for node in nodes:
            rank = _place(node)
            tail = self._tails.setdefault(rank, LogTail(self.jobs.cloud, self._prefixed(rank)))
            tail.follow(node.get("container", {}))

    def _told(self, job: dict[str, Any], nodes: Sequence[dict[str, Any]], decided: dict[str, Any] | None) -> int:
        finish_all(self._tails.values(), self.halt, self.jobs.poll)
        if decided is None:
            main = next((node for node in nodes if _place(node) == 0), {})
            return exit_code({**job, "container": main.get("container", {})})
        if lost_machine(decided) and self.retried:
            raise _NodeLost(f"node {_place(decided)}")
        return exit_code(decided)

    def _prefixed(self, rank: int) -> OnLog:
        """Lines of several nodes are told apart, as on `ec2`."""
        return lambda line: self.on_log(f"[{rank}] {line}")


def _place(node: dict[str, Any]) -> int:
    return int(str(node["jobId"]).rpartition("#")[2])
