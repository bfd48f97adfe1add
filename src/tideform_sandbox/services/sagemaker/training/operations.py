"""The API of training jobs, in the place of moto's.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tideform_sandbox.extension.request import AwsError, parameters, put
from tideform_sandbox.services.sagemaker.training.checks import refused
from tideform_sandbox.services.sagemaker.training.job import TrainingJob
from tideform_sandbox.services.sagemaker.training.plane import Plane
from tideform_sandbox.world import World

Operation = Callable[[Plane, dict[str, Any]], dict[str, Any]]
_LONGEST_KEEP_ALIVE = 3600
_MOST = 100


class Planes:
    """The planes of the server, one for each account and region that somebody uses."""

    def __init__(self, world: World) -> None:
        self._world, self._lock = world, threading.Lock()
        self._planes: dict[tuple[str, str], Plane] = {}

    def of(self, account: str, region: str) -> Plane:
        """The plane of an account's region."""
        from moto.sagemaker.models import sagemaker_backends

        with self._lock:
            if (account, region) not in self._planes:
                self._planes[account, region] = Plane(sagemaker_backends[account][region], self._world)
            return self._planes[account, region]

    def all(self) -> list[Plane]:
        """Those that exist."""
        return list(self._planes.values())

    def close(self) -> None:
        """End all jobs."""
        for plane in self.all():
            plane.close()


def install(world: World) -> None:
    """Put our operations on moto's response class, and let the market take a job's machines back."""
    from moto.sagemaker.responses import SageMakerResponse

    planes = Planes(world)
    world.running.append(lambda: [job for plane in planes.all() for job in plane.running()])
    world.closers.append(planes.close)
    operations: dict[str, Operation] = {
        "create_training_job": create,
        "describe_training_job": describe,
        "stop_training_job": stop,
        "update_training_job": update,
        "list_training_jobs": list_jobs,
        "search_training_plan_offerings": lambda plane, given: plane.machines.plans.search(given),
        "create_training_plan": lambda plane, given: plane.machines.plans.create(given),
        "describe_training_plan": lambda plane, given: plane.machines.plans.describe(given),
    }
    for name, operation in operations.items():
        put(SageMakerResponse, name, _method(operation, planes))
    _take_back(world, planes)


def _method(operation: Operation, planes: Planes) -> Callable[[Any], Any]:
    from moto.core.responses import ActionResult

    def answer(self: Any) -> Any:
        return ActionResult(operation(planes.of(self.current_account, self.region), parameters(self)))

    return answer


def _take_back(world: World, planes: Planes) -> None:
    """A job is taken back by its name, or by that of one of its instances (``<job>#0``); the rest is EC2's."""
    of_ec2 = world.market.reclaimer

    def reclaim(instance_id: str, notice: float) -> dict[str, Any]:
        for plane in planes.all():
            if plane.job(instance_id.partition("#")[0]) is not None:
                return plane.reclaim(instance_id, notice)
        if of_ec2 is None:
            raise ValueError(f"no instance {instance_id} runs")
        return of_ec2(instance_id, notice)

    world.market.reclaimer = reclaim


def create(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """CreateTrainingJob."""
    return {"TrainingJobArn": plane.create(given).arn}


def describe(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """DescribeTrainingJob."""
    return _find(plane, given, "ValidationException").described()


def stop(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """StopTrainingJob."""
    job = _find(plane, given, "ResourceNotFound")
    if job.status != "InProgress":
        raise refused(
            f"The request was rejected because the training job is in status {job.status}. "
            "Only InProgress training jobs can be stopped."
        )
    plane.stop(job)
    return {}


def update(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """UpdateTrainingJob: of what it can change, how long a warm pool is kept."""
    job = _find(plane, given, "ResourceNotFound")
    resources = given.get("ResourceConfig")
    if resources is not None:
        seconds = int(resources["KeepAlivePeriodInSeconds"])
        if seconds > _LONGEST_KEEP_ALIVE:
            raise refused("KeepAlivePeriodInSeconds may not be longer than 3600.")
        if job.warm is not None and job.warm.status != "Available":
            raise refused(f"The warm pool of {job.name} is {job.warm.status}.")
        plane.warm.update(job, seconds)
    return {"TrainingJobArn": job.arn}


def list_jobs(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """ListTrainingJobs."""
    found = [job for job in plane.jobs if _passes(job, given)]
    key = {"Name": lambda job: job.name, "Status": lambda job: job.status}.get(
        given.get("SortBy", "CreationTime"), lambda job: job.created
    )
    found.sort(key=key, reverse=given.get("SortOrder", "Descending") == "Descending")
    start, size = int(given.get("NextToken") or 0), int(given.get("MaxResults") or 10)
    rest = {"NextToken": str(start + size)} if start + size < len(found) else {}
    return {"TrainingJobSummaries": [job.summary() for job in found[start : start + min(size, _MOST)]], **rest}


def _passes(job: TrainingJob, given: dict[str, Any]) -> bool:
    warm = job.described().get("WarmPoolStatus", {}).get("Status")
    return (
        given.get("NameContains", "") in job.name
        and given.get("StatusEquals", job.status) == job.status
        and given.get("WarmPoolStatusEquals", warm) == warm
        and _between(job.created, given, "CreationTime")
        and _between(job.modified, given, "LastModifiedTime")
    )


def _between(when: float, given: dict[str, Any], name: str) -> bool:
    after, before = given.get(f"{name}After"), given.get(f"{name}Before")
    return (after is None or when > _seconds(after)) and (before is None or when < _seconds(before))


def _seconds(given: datetime | float) -> float:
    return given.timestamp() if isinstance(given, datetime) else float(given)


def _find(plane: Plane, given: dict[str, Any], code: str) -> TrainingJob:
    job = plane.job(given["TrainingJobName"])
    if job is None:
        raise AwsError(code, "Requested resource not found.")
    return job
