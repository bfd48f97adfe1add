"""How capacity of SageMaker ends: training jobs are stopped, and warm pools are let go.

The handle's ``job_prefix`` is what the names of the pool's jobs begin with; its ``tags`` say which of them are ours.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StopTrainingJob.html
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tideform.reaper import longest
from tideform.reaper.base import Clients, Handle, Node
from tideform.reaper.steps import Steps

NEEDS = ("job_prefix",)
LONGEST = longest.LONGEST
RUNNING = ("InProgress", "Stopping")
_COSTS = ("Downloading", "Training", "Uploading", "Stopping")  # secondary statuses with machines that are paid for
_GONE = "terminated"
_LOOK_BACK = 7200.0  # seconds: as long as the meter remembers what it has counted


def stop(clients: Clients, handle: Handle) -> bool:
    """Stop every job, then let every warm pool go: a job that ends may leave one. Raises the first refusal."""
    with Steps() as steps:
        left = steps.find(lambda: jobs(clients, handle))
        steps.each(lambda job: stop_job(clients, job), left)
        warm = steps.find(lambda: warm_pools(clients, handle))
        steps.each(lambda job: let_go(clients, job["TrainingJobName"]), warm)
    return not left and not warm


def tend(clients: Clients, handle: Handle, now: float) -> list[str]:  # noqa: ARG001  # every backend is asked alike
    """Nothing: machines come with jobs."""
    return []


def nodes(clients: Clients, handle: Handle) -> list[Node]:
    """A node for each instance of each job, and one more for each that a job left warm.

    What SageMaker bills of managed spot training is shorter than what ran: once it has told that, a node is as long
    as its bill, so that every node costs its list price on demand.
    """
    since = datetime.fromtimestamp(time.time() - _LOOK_BACK, UTC)
    recent = _ours(clients, handle, LastModifiedTimeAfter=since)
    found = {job["TrainingJobName"]: job for job in (*jobs(clients, handle), *warm_pools(clients, handle), *recent)}
    described = [describe(clients, name) for name in sorted(found)]
    return [replace(node, lease=lease_of(handle, job)) for job in described for node in nodes_of(job)]


def busy(clients: Clients, handle: Handle, now: float) -> bool:  # noqa: ARG001  # every backend is asked alike
    """Whether a training job goes on; machines that are kept warm do nothing."""
    return bool(jobs(clients, handle))


def leases_of_jobs(clients: Clients, handle: Handle) -> set[str]:
    """By their names."""
    return {lease_of(handle, job) for job in jobs(clients, handle)}


def end_jobs(clients: Clients, handle: Handle, lease: str) -> None:
    """Stop the jobs of one lease; its warm pools stay for whoever else holds the pool."""
    with Steps() as steps:
        steps.each(
            lambda job: stop_job(clients, job),
            [job for job in jobs(clients, handle) if lease_of(handle, job) == lease],
        )


def jobs(clients: Clients, handle: Handle) -> list[dict[str, Any]]:
    """The summaries of the jobs that have not ended."""
    found = [job for status in RUNNING for job in _ours(clients, handle, StatusEquals=status)]
    return list({job["TrainingJobName"]: job for job in found}.values())  # one that moved on meanwhile is one job


def untagged(clients: Clients, handle: Handle) -> list[Node]:
    """The machines of unfinished jobs that are the pool's by their names, and carry no tag of it."""
    found = [one for status in RUNNING for one in _named(clients, handle, StatusEquals=status)]
    names = sorted({job["TrainingJobName"] for job, tags in found if not handle["tags"].keys() & tags.keys()})
    return [node for name in names for node in nodes_of(describe(clients, name))]


def stop_machine(clients: Clients, node: Node) -> None:
    """Stop the job that a machine is of."""
    stop_job(clients, {"TrainingJobName": node.id.partition("#")[0], "TrainingJobStatus": "InProgress"})


def warm_pools(clients: Clients, handle: Handle) -> list[dict[str, Any]]:
    """The summaries of ended jobs whose machines are kept."""
    return _ours(clients, handle, WarmPoolStatusEquals="Available")


def tags_of(clients: Clients, job: Mapping[str, Any]) -> dict[str, str]:
    """What a job that was listed says of itself."""
    return _tags(clients.client("sagemaker"), job["TrainingJobArn"])


def describe(clients: Clients, name: str) -> dict[str, Any]:
    """All about one job."""
    found: dict[str, Any] = clients.client("sagemaker").describe_training_job(TrainingJobName=name)
    return found


def lease_of(handle: Handle, job: dict[str, Any]) -> str:
    """The lease that a job belongs to: it stands in the job's name, behind the prefix."""
    return str(job["TrainingJobName"]).removeprefix(handle["job_prefix"]).partition("-")[0]


def stop_job(clients: Clients, job: dict[str, Any]) -> None:
    """Ask a job to end; it gets SIGTERM, and two minutes."""
    if job["TrainingJobStatus"] == "InProgress":
        with _if_it_still_can():
            clients.client("sagemaker").stop_training_job(TrainingJobName=job["TrainingJobName"])


def nodes_of(job: dict[str, Any]) -> Iterator[Node]:
    """The machines of a job as DescribeTrainingJob tells it; none before it got any."""
    resources, status = job["ResourceConfig"], job.get("WarmPoolStatus") or {}
    billed = _billed(job)
    if billed is None:
        return
    spot, plan = bool(job.get("EnableManagedSpotTraining")), resources.get("TrainingPlanArn", "")
    for index in range(int(resources["InstanceCount"])):
        name = f"{job['TrainingJobName']}#{index}"
        yield Node(
            name, resources["InstanceType"], _state(job, billed[1]), spot, *billed, reservation=plan, paid=bool(plan)
        )
        if (kept := _kept(job, status)) is not None:
            yield Node(f"{name}/warm", resources["InstanceType"], "warm" if kept[1] is None else _GONE, False, *kept)


def _billed(job: dict[str, Any]) -> tuple[float, float | None] | None:
    """From when to when a job's machines cost; gaps (a spot interruption) are taken out at the beginning."""
    if "TrainingStartTime" not in job:
        return None
    start, ended = job["TrainingStartTime"].timestamp(), job.get("TrainingEndTime")
    if ended is not None and "BillableTimeInSeconds" in job:
        return ended.timestamp() - job["BillableTimeInSeconds"], ended.timestamp()
    steps = [step for step in job.get("SecondaryStatusTransitions") or () if step["StartTime"].timestamp() >= start]
    waits = [step for step in steps if step["Status"] not in _COSTS]
    gaps = sum((step["EndTime"] - step["StartTime"]).total_seconds() for step in waits if "EndTime" in step)
    if waits and "EndTime" not in waits[-1] and ended is None:  # interrupted, and waiting for other machines
        return start + gaps, waits[-1]["StartTime"].timestamp()
    return start + gaps, None if ended is None else ended.timestamp()


def _state(job: dict[str, Any], ended: float | None) -> str:
    """In the words that EC2 has for it."""
    if ended is not None:
        return _GONE
    return "running" if job["SecondaryStatus"] in ("Downloading", "Training") else "stopping"


def _kept(job: dict[str, Any], status: dict[str, Any]) -> tuple[float, float | None] | None:
    """From when to when a job's machines were warm; None if never."""
    if status.get("Status") not in ("Available", "Reused", "Terminated") or "TrainingEndTime" not in job:
        return None
    began = job["TrainingEndTime"].timestamp()
    if status["Status"] == "Available":
        return began, None
    return began, began + float(status.get("ResourceRetainedBillableTimeInSeconds", 0))


def let_go(clients: Clients, name: str) -> None:
    """End a job's warm pool.

    https://docs.aws.amazon.com/sagemaker/latest/dg/train-warm-pools-how-to-use.html
    """
    with _if_it_still_can():
        clients.client("sagemaker").update_training_job(
            TrainingJobName=name, ResourceConfig={"KeepAlivePeriodInSeconds": 0}
        )


@contextmanager
def _if_it_still_can() -> Iterator[None]:
    """What has ended since it was listed refuses; whether anything is left is looked at again anyway."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("ValidationException", "ResourceNotFound"):
            raise


def _ours(clients: Clients, handle: Handle, **wanted: Any) -> list[dict[str, Any]]:
    """Jobs whose names begin with the prefix and that carry the pool's tags, or what is left of them."""
    named = _named(clients, handle, **wanted)
    return [job for job, tags in named if _agree(handle["tags"], tags) and handle["tags"].keys() & tags.keys()]


def _named(clients: Clients, handle: Handle, **wanted: Any) -> list[tuple[dict[str, Any], dict[str, str]]]:
    """Jobs whose names begin with the prefix, with their tags; the API only looks for parts of names."""
    prefix, sagemaker = handle["job_prefix"], clients.client("sagemaker")
    pages = sagemaker.get_paginator("list_training_jobs").paginate(NameContains=prefix, **wanted)
    found = [job for page in pages for job in page["TrainingJobSummaries"]]
    named = [job for job in found if job["TrainingJobName"].startswith(prefix)]
    return [(job, _tags(sagemaker, job["TrainingJobArn"])) for job in named]


def _agree(wanted: Mapping[str, str], found: Mapping[str, str]) -> bool:
    return all(found.get(key, value) == value for key, value in wanted.items())


def _tags(sagemaker: Any, arn: str) -> dict[str, str]:
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
