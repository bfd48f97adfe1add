"""A job that is followed, and that lost a machine: the ranks that were left end before its next attempt begins."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from tests.unit.burst.ec2.conftest import Desk
from tests.unit.sandbox.waiting import until
from tideform.backends.training.ec2.leaving import Leaving
from tideform.burst.halt import Halt
from tideform.burst.runner import Work

SAVES = """\
[ ! -e "$HOME/../on-$RANK" ] || exit 0
trap 'until [ -e "$HOME/../may-end" ]; do sleep 0.1; done; exit 0' TERM
touch "$HOME/../on-$RANK"
while :; do sleep 0.1; done
"""
LOOKS = 5  # of the runner, at least one of which sends what there are machines for


@dataclass
class Follower:
    """A job of two machines, followed in a thread of its own."""

    desk: Desk
    lines: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    looks: int = 0

    def start(self) -> threading.Thread:
        lease, halt, work = self.desk.up(), Halt(), Work(("sh", "-c", SAVES), nodes=2)
        halt.limits.append(self._look)
        run = self.desk.runner.run
        thread = threading.Thread(target=lambda: self.codes.append(run(lease, work, self.lines.append, halt)))
        thread.start()
        return thread

    def _look(self) -> None:
        self.looks += 1

    def sent(self) -> list[dict[str, Any]]:
        """Its commands, the newest first."""
        found = self.desk.cloud.client("ssm").list_commands()["Commands"]
        return [one for one in found if str(one["Comment"]).startswith(self.desk.runner.handle["comment"])]

    def statuses(self) -> set[str]:
        """What SSM says of its first command."""
        asked = {"CommandId": self.sent()[-1]["CommandId"]}
        told = self.desk.cloud.client("ssm").list_command_invocations(**asked)["CommandInvocations"]
        return {one["Status"] for one in told}


def test_it_begins_anew_when_they_have_saved_their_work(desk: Desk) -> None:
    job, jobs = Follower(desk), desk.workspace.sandbox / "jobs"
    thread = job.start()
    until(lambda: len(list(jobs.glob("on-*"))) == 2)
    desk.cloud.client("ec2").terminate_instances(InstanceIds=[job.sent()[0]["InstanceIds"][0]])
    until(lambda: "was taken away" in " ".join(job.lines))
    until(lambda: [one["LifecycleState"] for one in desk.group()["Instances"]] == ["InService"] * 2)
    until(lambda: "Cancelled" in job.statuses())
    enough = job.looks + LOOKS
    until(lambda: job.looks > enough or len(job.sent()) > 1)
    attempts = len(job.sent())
    (jobs / "may-end").touch()
    desk.advance(36)
    thread.join(60)
    assert (attempts, len(job.sent()), job.codes) == (1, 2, [0])


def test_what_was_ended_from_here_is_a_job_until_it_has_had_its_time_to_save(desk: Desk) -> None:
    runner, lease = desk.runner, desk.up()
    runner.begin(lease, Work(("sh", "-c", "exec sleep 300"), nodes=2), Halt())
    runner.end_jobs(lease)
    leaving = [(job.status, job.lease) for job in runner.jobs()]
    desk.advance(36)
    assert (leaving, runner.jobs()) == ([("CANCELLING", lease.id)], ())


def test_one_that_ended_by_itself_meanwhile_is_none(desk: Desk) -> None:
    leaving, lease, ssm = Leaving(desk.cloud), desk.up(), desk.cloud.client("ssm")
    desk.runner.begin(lease, Work(("true",), nodes=2), Halt())
    until(lambda: ssm.list_commands()["Commands"][0]["Status"] == "Success")
    leaving.note(ssm.list_commands()["Commands"][:1])
    assert leaving.commands() == []
