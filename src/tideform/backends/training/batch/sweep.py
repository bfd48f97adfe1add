"""A sweep on AWS Batch: one job for each set of variables, never more at once than was asked.

Where the pool's own bound is the lower one this is an array job, whose command finds its variables by its index
(`components.jobs.command.swept`): Batch cannot bound an array. Otherwise it is as many jobs as may run, and the next
when one is over.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from tideform.backends.training.batch.job_size import can_be_defined
from tideform.backends.training.batch.jobs import BatchJobs, exit_code
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease
from tideform.burst.log_stream import LogTail
from tideform.burst.runner import OnLog, Work
from tideform.components.jobs.command import swept
from tideform.errors import RefusedError
from tideform.reaper.batch_states import ENDED, describable

_DRAIN = 2  # looks at a log after its job's end: the last lines come late
_NEVER_RAN = 1


@dataclass
class _Member:
    """One job of the sweep, by its place in the list of variables."""

    index: int
    tail: LogTail
    looks: int = _DRAIN


@dataclass
class SweepRun:
    """One run of a sweep. ``rest`` is what is left of the lease, in seconds."""

    jobs: BatchJobs
    lease: Lease
    work: Work
    on_log: OnLog
    halt: Halt
    rest: int
    _active: dict[str, _Member] = field(default_factory=dict, init=False)
    _draining: list[_Member] = field(default_factory=list, init=False)
    _codes: dict[int, int] = field(default_factory=dict, init=False)

    def run(self, machines: int) -> int:
        """Run all of it; the exit code is that of the first job in order that failed, or 0.

        ``machines`` is how many jobs the pool can hold at once.
        """
        waiting = deque(range(len(self.work.array)))
        if self.work.at_once >= min(machines, len(waiting)) > 1:
            job_id = submit_array(self.jobs, self.lease, self.work, self.rest)
            self._active = {f"{job_id}:{index}": self._member(index) for index in waiting if job_id}
            waiting = deque() if job_id else waiting
        while waiting or self._active or self._draining:
            while waiting and len(self._active) < self.work.at_once:
                self._submit(waiting.popleft())
            self._look()
            self.halt.check()
            self.halt.wait(self.jobs.poll)
        return self._told()

    def _submit(self, index: int) -> None:
        variables = {**self.work.environment, **self.work.array[index]}
        if uri := self.work.environment.get("TIDEFORM_CHECKPOINT_URI"):
            variables["TIDEFORM_CHECKPOINT_URI"] = f"{uri}/{index}"
        job_id = self.jobs.submit(self.lease, replace(self.work, environment=variables), self.rest, part=f"-{index}")
        self._active[job_id] = self._member(index)

    def _member(self, index: int) -> _Member:
        return _Member(index, LogTail(self.jobs.cloud, lambda line: self.on_log(f"[{index}] {line}")))

    def _look(self) -> None:
        """Hand on what is new of every job, and take those out that are over."""
        for chosen in describable(list(self._active)):
            for job in self.jobs.cloud.client("batch").describe_jobs(jobs=chosen)["jobs"]:
                self._active[job["jobId"]].tail.follow(job.get("container", {}))
                if job["status"] in ENDED:
                    self._over(job)
        for member in self._draining:
            member.tail.follow({})
            member.looks -= 1
        self._draining = [member for member in self._draining if member.looks > 0]

    def _over(self, job: dict[str, object]) -> None:
        member = self._active.pop(str(job["jobId"]))
        self._draining.append(member)
        try:
            self._codes[member.index] = exit_code(job)
        except RefusedError as error:
            self.on_log(f"[{member.index}] tideform: {error.diagnostics[0].detail}")
            self._codes[member.index] = _NEVER_RAN

    def _told(self) -> int:
        failed = {index: code for index, code in sorted(self._codes.items()) if code}
        whole = len(self.work.array)
        self.on_log(f"tideform: {whole - len(failed)} of {whole} jobs of the sweep succeeded")
        for index, code in failed.items():
            words = " ".join(f"{name}={value}" for name, value in self.work.array[index].items())
            self.on_log(f"tideform: [{index}] {words} ended with exit code {code}")
        return next(iter(failed.values()), 0)


def submit_array(jobs: BatchJobs, lease: Lease, work: Work, rest: int) -> str:
    """Submit the sweep as one array job, and return its id; empty where that would be told more than Batch takes.

    ``rest`` is what is left of the lease, in seconds.
    """
    command = swept(work.command or jobs.own_command(), work.array)
    one = replace(work, command=tuple(command))
    if not can_be_defined(jobs.overrides(lease.id, one, one.command)):
        return ""
    return jobs.submit(lease, one, rest, arrayProperties={"size": len(work.array)})
