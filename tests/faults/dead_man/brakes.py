"""The brakes, and how each is switched off, so that another is alone: by AWS's own means wherever there are any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.e2e.workspaces import Workspace
from tideform.local import client
from tideform.pools.names import PoolNames

Switch = Callable[[Workspace, bool], None]


def advance(workspace: Workspace, moment: float) -> None:
    """Move the sandbox's clock to a moment, through all that happens until then."""
    client.advance_clock(workspace.folder, moment - workspace.cloud.clock())


@dataclass(frozen=True)
class Brake:
    """One brake. ``bound`` is how many seconds after the deadline it may take at most.

    ``begin`` comes before its time; ``wait`` passes that, up to a moment of the sandbox's clock. ``late`` tells what
    there is, of what it bounds, that should be gone by then: without it all should. ``how`` says what a reader of the
    table has to know.
    """

    name: str
    kind: str
    bound: float
    switch: Switch
    begin: Callable[[Workspace], None] = lambda _: None
    wait: Callable[[Workspace, float], None] = advance
    late: Callable[[Workspace], set[str]] | None = None
    how: str = ""


def _reaper(workspace: Workspace, on: bool) -> None:
    """Its schedule, enabled or disabled."""
    scheduler = workspace.cloud.client("scheduler")
    name = f"{workspace.deployment.name}-reaper"
    known: dict[str, Any] = scheduler.get_schedule(Name=name)
    kept = ("ScheduleExpression", "FlexibleTimeWindow", "Target", "ScheduleExpressionTimezone")
    given = {key: known[key] for key in kept if key in known}
    scheduler.update_schedule(Name=name, State="ENABLED" if on else "DISABLED", **given)


def _scheduled_action(workspace: Workspace, on: bool) -> None:
    """Auto Scaling's process that carries scheduled actions out."""
    autoscaling = workspace.cloud.client("autoscaling")
    for group in autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]:
        call = autoscaling.resume_processes if on else autoscaling.suspend_processes
        call(AutoScalingGroupName=group["AutoScalingGroupName"], ScalingProcesses=["ScheduledActions"])


def _working(workspace: Workspace) -> set[str]:
    """The jobs that are at work."""
    (pool,) = workspace.deployment.spec.training
    queue, batch = PoolNames(workspace.deployment, pool).job_queue, workspace.cloud.client("batch")
    states = ("STARTING", "RUNNING")
    return {
        job["jobId"] for state in states for job in batch.list_jobs(jobQueue=queue, jobStatus=state)["jobSummaryList"]
    }


def _broken(what: str) -> Switch:
    """What AWS has no switch for: the sandbox leaves it out."""

    def switch(workspace: Workspace, on: bool) -> None:
        client.break_brake(workspace.folder, what, broken=not on)

    return switch


_TEN_MINUTES = 600.0
REAPER = Brake("reaper", "terminal", _TEN_MINUTES, _reaper)
SCHEDULED_ACTION = Brake("scheduled action", "terminal", _TEN_MINUTES, _scheduled_action)
MAXIMUM_RUN_TIME = Brake("maximum run time", "terminal", _TEN_MINUTES, _broken("sagemaker-maximum-run-time"))
JOB_TIME_OUT = Brake(
    "job time-out",
    "bounding",
    _TEN_MINUTES,
    _broken("batch-job-time-out"),
    late=_working,
    how="It bounds a job and not its machines: jobs count that still work. What was brought in and has no job stands "
    "until the reaper comes.",
)
