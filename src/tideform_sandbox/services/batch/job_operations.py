"""SubmitJob and what comes after it: the Batch operations on jobs.

https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from tideform_sandbox.services.batch.call import Call, client_error
from tideform_sandbox.services.batch.definition_checks import check_variables
from tideform_sandbox.services.batch.job import STATES, Job, array_status, details, summary
from tideform_sandbox.services.batch.node_request import check_nodes, nodes_of
from tideform_sandbox.services.batch.plane import Plane

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_MIN_TIMEOUT = 60
_MAX_ATTEMPTS = 10
_MAX_ARRAY = 10_000


def submit_job(call: Call) -> dict[str, Any]:
    """Take a job in, or an array of them."""
    body = call.body
    queue = call.backend.get_job_queue(body.get("jobQueue", ""))
    found = call.backend.get_job_definition(body.get("jobDefinition", ""))
    _check_submission(body, queue, found)
    identity = str(uuid.uuid4())
    job = Job(
        identity,
        f"arn:aws:batch:{call.region}:{call.account}:job/{identity}",
        queue.arn,
        int(queue.priority),
        _described(found),
        body,
        call.clock.now(),
        tags={**_propagated(body, found), **(body.get("tags") or {})},
        after=[entry["jobId"] for entry in body.get("dependsOn") or [] if "jobId" in entry],
    )
    job.children = _children(job, call.plane)
    job.nodes = nodes_of(job)
    _check_dependencies(job, call.plane)
    call.plane.add(job)
    return {"jobId": job.id, "jobName": job.name, "jobArn": job.arn}


def _check_submission(body: dict[str, Any], queue: Any, definition: Any) -> None:
    if not _NAME.fullmatch(str(body.get("jobName", ""))):
        raise client_error("Job name should match valid pattern")
    check_variables((body.get("containerOverrides") or {}).get("environment") or [])
    if queue is None:
        raise client_error(f"JobQueue {body.get('jobQueue')} not found.")
    if queue.state != "ENABLED":
        raise client_error(f"JobQueue {queue.arn} is disabled.")
    if definition is None or definition.status != "ACTIVE":
        raise client_error(f"JobDefinition {body.get('jobDefinition')} not found.")
    if definition.container_properties is None and definition.node_properties is None:
        raise client_error("not emulated: jobs of containers in other words (EKS, ECS properties)")
    if definition.node_properties is not None:
        check_nodes(body, definition.node_properties)
    timeout = body.get("timeout") or definition.timeout or {}
    if int(timeout.get("attemptDurationSeconds", _MIN_TIMEOUT)) < _MIN_TIMEOUT:
        raise client_error(f"The job timeout must be at least {_MIN_TIMEOUT} seconds.")
    attempts = int((body.get("retryStrategy") or {}).get("attempts", 1))
    if not 1 <= attempts <= _MAX_ATTEMPTS:
        raise client_error(f"Retry attempts must be between 1 and {_MAX_ATTEMPTS}.")
    size = (body.get("arrayProperties") or {}).get("size")
    if size is not None and not 2 <= int(size) <= _MAX_ARRAY:
        raise client_error(f"Array size must be between 2 and {_MAX_ARRAY}.")


def _described(definition: Any) -> dict[str, Any]:
    """moto leaves the nodes out."""
    nodes = definition.node_properties
    return {**definition.describe(), **({"nodeProperties": nodes} if nodes else {})}


def _check_dependencies(job: Job, plane: Plane) -> None:
    for other in job.after:
        if plane.job(other) is None:
            raise client_error(f"Job {other} does not exist.")


def _children(job: Job, plane: Plane) -> list[Job]:
    """An array's members; they wait for what the array waits for, and for each other or their peers if so asked."""
    size = int((job.request.get("arrayProperties") or {}).get("size", 0))
    kinds = {entry.get("type"): entry.get("jobId") for entry in job.request.get("dependsOn") or []}
    peers = plane.job(kinds["N_TO_N"]) if kinds.get("N_TO_N") else None
    children = []
    for index in range(size):
        after = [other for other in job.after if peers is None or other != peers.id]
        if peers is not None:
            after.append(f"{peers.id}:{index}")
        if "SEQUENTIAL" in kinds and index:
            after.append(f"{job.id}:{index - 1}")
        children.append(
            Job(
                f"{job.id}:{index}",
                f"{job.arn}:{index}",
                job.queue,
                job.priority,
                job.definition,
                job.request,
                job.created,
                job.tags,
                after,
                index,
            )
        )
    return children


def _propagated(body: dict[str, Any], definition: Any) -> dict[str, str]:
    wanted = body.get("propagateTags", definition.propagate_tags)
    return dict(definition.describe().get("tags") or {}) if wanted else {}


def describe_jobs(call: Call) -> dict[str, Any]:
    """Jobs by id or ARN; unknown ones are left out, as on AWS."""
    found = [call.plane.job(identity) for identity in call.body.get("jobs") or []]
    return {"jobs": [details(job) for job in found if job is not None]}


def list_jobs(call: Call) -> dict[str, Any]:
    """A queue's jobs, or an array's; without a status or a filter only those that run."""
    body = call.body
    if parent := body.get("arrayJobId") or body.get("multiNodeJobId"):
        whole = call.plane.job(parent)
        jobs = [*whole.children, *whole.nodes] if whole else []
    else:
        queue = call.backend.get_job_queue(body.get("jobQueue", ""))
        if queue is None:
            raise client_error(f"JobQueue {body.get('jobQueue')} not found.")
        jobs = [job for job in call.plane.jobs() if job.queue == queue.arn and job.index is None and job.node is None]
    if filters := body.get("filters"):
        jobs = [job for job in jobs if all(_passes(job, wanted) for wanted in filters)]
    else:
        status = body.get("jobStatus", "RUNNING")
        if status not in STATES:
            raise client_error(f"{status} is no job status.")
        jobs = [job for job in jobs if array_status(job) == status]
    return _page([summary(job) for job in jobs], body)


def _passes(job: Job, wanted: dict[str, Any]) -> bool:
    name, values = wanted["name"], wanted["values"]
    if name == "AFTER_CREATED_AT":
        return job.created * 1000 > float(values[0])
    if name == "BEFORE_CREATED_AT":
        return job.created * 1000 < float(values[0])
    definition = job.definition
    texts = {
        "JOB_NAME": (job.name,),
        "JOB_DEFINITION": (definition["jobDefinitionName"], definition["jobDefinitionArn"]),
    }.get(name, ())
    return any(_like(value.lower(), text.lower()) for value in values for text in texts)


def _like(pattern: str, text: str) -> bool:
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


def _page(items: list[dict[str, Any]], body: dict[str, Any]) -> dict[str, Any]:
    start = int(body.get("nextToken") or 0)
    size = int(body.get("maxResults") or 1000)
    rest = {"nextToken": str(start + size)} if start + size < len(items) else {}
    return {"jobSummaryList": items[start : start + size], **rest}


def cancel_job(call: Call) -> dict[str, Any]:
    """End a job that waits."""
    if job := call.plane.job(call.body.get("jobId", "")):
        call.plane.cancel(job, call.body.get("reason", ""))
    return {}


def terminate_job(call: Call) -> dict[str, Any]:
    """End a job."""
    if job := call.plane.job(call.body.get("jobId", "")):
        call.plane.terminate(job, call.body.get("reason", ""))
    return {}
