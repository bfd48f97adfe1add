"""SageMaker: the training jobs are created, and bring their machines with them; SageMaker alone ends them in time.

The plan's ``requests`` are CreateTrainingJob's own words, one for each member of a sweep, with marks where something is
known only when they start (`sagemaker.start` writes them); its ``place`` says where jobs run: ``subnets``,
``security_group`` and ``key_arn``.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tideform.backends.training.sagemaker.in_account import ending
from tideform.backends.training.sagemaker.in_account.warm import make_way
from tideform.reaper.base import Clients, Handle
from tideform.reaper.starting.base import Again, Start, Turn

LEASE, KEY, GROUP, SUBNETS, CHECKPOINTS = (
    f"<tideform:{name}>" for name in ("lease", "key", "group", "subnets", "checkpoints")
)
_SHORTEST = 60  # seconds of a run


def begin(clients: Clients, start: Start) -> str:
    """Create every job. What cannot be created leaves those before it to the reaper."""
    wanted = [_request(template, start) for template in start.plan["requests"]]
    for job in wanted:
        while "most" in start.plan and not _clear(clients, start, job):
            start.wait("warm machines are still there")
        clients.client("sagemaker").create_training_job(**job)
    return str(wanted[0]["TrainingJobName"])


def _clear(clients: Clients, start: Start, job: Mapping[str, Any]) -> bool:
    return make_way(clients, start.handle, start.item, start.lease, int(start.plan["most"]), job)


def working(clients: Clients, handle: Handle) -> set[str]:
    """Those of the jobs that have not ended."""
    return {ending.lease_of(handle, job) for job in ending.jobs(clients, handle)}


def again(clients: Clients, handle: Handle, turn: Turn) -> Again:  # noqa: ARG001  # every backend is asked alike
    """Nothing: SageMaker begins a training job on spot machines again by itself."""
    return Again()


def failed(clients: Clients, handle: Handle, job: str) -> str:  # noqa: ARG001  # every backend is asked alike
    """Nothing: SageMaker tells of failed jobs by an event."""
    return ""


def _request(template: Mapping[str, Any], start: Start) -> dict[str, Any]:
    place = start.plan["place"]
    marks = {
        LEASE: start.lease,
        KEY: place["key_arn"],
        GROUP: place["security_group"],
        CHECKPOINTS: start.checkpoints,
    }
    wanted: dict[str, Any] = _filled(template, marks)
    wanted["VpcConfig"]["Subnets"] = list(place["subnets"])
    wanted["Environment"] = {**start.variables, **wanted["Environment"]}
    kept = [tag for tag in wanted["Tags"] if tag["Key"] not in start.tags]
    wanted["Tags"] = [*kept, *({"Key": key, "Value": value} for key, value in start.tags.items())]
    wanted["StoppingCondition"] = _shortened(wanted["StoppingCondition"], start)
    return wanted


def _filled(value: Any, marks: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for mark, text in marks.items():
            value = value.replace(mark, text)
        return value
    if isinstance(value, Mapping):
        return {key: _filled(one, marks) for key, one in value.items()}
    return [_filled(one, marks) for one in value] if isinstance(value, list) else value


def _shortened(stopping: Mapping[str, int], start: Start) -> dict[str, int]:
    """The bounds are a whole lease's: what it is old already is taken off, but for the wait for on-demand machines.

    ``MaxWaitTimeInSeconds`` may not be below ``MaxRuntimeInSeconds``.
    """
    late = int(start.plan["lease_seconds"]) - start.rest
    pending = "MaxPendingTimeInSeconds"
    return {key: bound if key == pending else max(bound - late, _SHORTEST) for key, bound in stopping.items()}
