"""A job as the control plane keeps it, and as DescribeJobs and ListJobs tell it.

https://docs.aws.amazon.com/batch/latest/APIReference/API_JobDetail.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

WAITING = ("SUBMITTED", "PENDING", "RUNNABLE")
ACTIVE = ("STARTING", "RUNNING")
ENDED = ("SUCCEEDED", "FAILED")
STATES = WAITING + ACTIVE + ENDED


@dataclass
class Attempt:
    """One try at running the command."""

    task: str  # the id of the container task, part of the log stream's name
    instance: str | None = None  # None on Fargate
    environment: str = ""  # the compute environment's name
    log_stream: str = ""
    started: float | None = None
    stopped: float | None = None
    exit_code: int | None = None
    reason: str = ""  # the container's, not the job's
    status_reason: str = ""


@dataclass
class Job:
    """One job. Times are seconds since the epoch, by the sandbox's clock.

    ``definition`` is DescribeJobDefinitions' form of what it was made of, ``request`` SubmitJob's parameters.
    """

    id: str
    arn: str
    queue: str  # ARN
    priority: int
    definition: dict[str, Any]
    request: dict[str, Any]
    created: float
    tags: dict[str, str] = field(default_factory=dict)
    after: list[str] = field(default_factory=list)  # ids of the jobs it waits for
    index: int | None = None  # its place in an array
    children: list[Job] = field(default_factory=list)
    nodes: list[Job] = field(default_factory=list)  # of a multi-node job, the main one first
    node: int | None = None  # its place among the nodes of such a job
    head: Job | None = field(default=None, repr=False, compare=False)  # the job that it is a node of
    port: int = 0  # where the nodes of the present attempt meet
    status: str = "SUBMITTED"
    status_reason: str = ""
    attempts: list[Attempt] = field(default_factory=list)
    stopped: float | None = None
    cancelled: bool = False
    terminated: bool = False
    kill_at: float | None = None  # when a command that was asked to end is made to

    @property
    def name(self) -> str:
        return str(self.request["jobName"])

    @property
    def container(self) -> dict[str, Any]:
        """The container's properties with the submission's overrides: the command, the environment, the resources."""
        own = self.definition.get("containerProperties") or {}
        overrides = self.request.get("containerOverrides") or {}
        merged = {**own, **{key: overrides[key] for key in ("command", "instanceType") if key in overrides}}
        merged["environment"] = _merged(own, overrides, "environment", "name")
        merged["resourceRequirements"] = _merged(own, overrides, "resourceRequirements", "type")
        return merged

    @property
    def command(self) -> list[str]:
        """The command with its ``Ref::name`` parameters filled in."""
        parameters = {
            **(self.definition.get("parameters") or {}),
            **(self.request.get("parameters") or {}),
        }
        words = [str(word) for word in self.container.get("command") or []]
        return [parameters.get(word[5:], word) if word.startswith("Ref::") else word for word in words]

    @property
    def variables(self) -> dict[str, str]:
        """https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html"""
        found = {
            "AWS_BATCH_JOB_ID": self.id,
            "AWS_BATCH_JQ_NAME": self.queue.rpartition("/")[2],
            "AWS_BATCH_CE_NAME": self.attempt.environment,
            "AWS_BATCH_JOB_ATTEMPT": str(len(self.attempts)),
        }
        if self.index is not None:
            found["AWS_BATCH_JOB_ARRAY_INDEX"] = str(self.index)
        return found

    def needs(self, resource: str) -> int:
        """How many ``VCPU``, ``GPU``, or MiB of ``MEMORY`` it asks for."""
        legacy = {"VCPU": "vcpus", "MEMORY": "memory"}
        for requirement in self.container["resourceRequirements"]:
            if requirement["type"] == resource:
                return int(float(requirement["value"]) + 0.999)  # Fargate takes quarters; a slot is a whole
        return int(self.container.get(legacy.get(resource, ""), 0) or (1 if resource == "VCPU" else 0))

    @property
    def timeout(self) -> float | None:
        """Seconds that one attempt may run; that of several nodes is their job's."""
        if self.node is not None:
            return None
        timeout = self.request.get("timeout") or self.definition.get("timeout") or {}
        seconds = timeout.get("attemptDurationSeconds")
        return None if seconds is None else float(seconds)

    @property
    def retry_strategy(self) -> dict[str, Any]:
        """How often, and after which exits, it is tried again."""
        return self.request.get("retryStrategy") or self.definition.get("retryStrategy") or {}

    @property
    def attempt(self) -> Attempt:
        """The latest attempt; of a multi-node job it is the main node's."""
        return self.attempts[-1]

    @property
    def members(self) -> list[Job]:
        """The job and the jobs it consists of."""
        return [self, *self.children, *self.nodes]


def summary(job: Job) -> dict[str, Any]:
    """ListJobs' form."""
    told = {
        "jobArn": job.arn,
        "jobId": job.id,
        "jobName": job.name,
        "createdAt": _milliseconds(job.created),
        "status": array_status(job),
        "statusReason": job.status_reason or None,
        "jobDefinition": job.definition["jobDefinitionArn"],
        "startedAt": _milliseconds(_started(job)),
        "stoppedAt": _milliseconds(job.stopped),
    }
    if job.attempts and job.attempt.stopped is not None:
        told["container"] = _set({"exitCode": job.attempt.exit_code, "reason": job.attempt.reason or None})
    if job.children or job.index is not None:
        told["arrayProperties"] = _array(job)
    if job.nodes:
        told["nodeProperties"] = {"isMainNode": False, "numNodes": len(job.nodes)}
    if job.node is not None:
        told["nodeProperties"] = {"isMainNode": job.node == 0, "nodeIndex": job.node}
    return _set(told)


def details(job: Job) -> dict[str, Any]:
    """DescribeJobs' form."""
    told = {
        **summary(job),
        "jobQueue": job.queue,
        "schedulingPriority": job.definition.get("schedulingPriority"),
        "attempts": [_attempt(attempt) for attempt in job.attempts if attempt.stopped is not None],
        "retryStrategy": job.retry_strategy or None,
        "dependsOn": job.request.get("dependsOn") or [],
        "parameters": {**(job.definition.get("parameters") or {}), **(job.request.get("parameters") or {})},
        "timeout": None if job.timeout is None else {"attemptDurationSeconds": int(job.timeout)},
        "tags": job.tags,
        "propagateTags": bool(job.request.get("propagateTags") or job.definition.get("propagateTags")),
        "platformCapabilities": job.definition.get("platformCapabilities") or ["EC2"],
        "isCancelled": job.cancelled,
        "isTerminated": job.terminated,
        "container": None if job.nodes else _container(job),
        "nodeProperties": {**job.definition["nodeProperties"], "numNodes": len(job.nodes)} if job.nodes else None,
        "nodeDetails": None if job.node is None else {"nodeIndex": job.node, "isMainNode": job.node == 0},
    }
    return _set(told)


def array_status(job: Job) -> str:
    """A job's status; an array's follows its children's."""
    if not job.children or job.status in ENDED:
        return job.status
    states = {child.status for child in job.children}
    if states <= set(ENDED):
        return "FAILED" if "FAILED" in states else "SUCCEEDED"
    return "PENDING"


def _array(job: Job) -> dict[str, Any]:
    if job.index is not None:
        return {"index": job.index}
    counts = {state: sum(child.status == state for child in job.children) for state in STATES}
    return {"size": len(job.children), "statusSummary": counts}


def _container(job: Job) -> dict[str, Any]:
    told = {**job.container, "command": job.command}
    if job.attempts:
        attempt = job.attempt
        told |= _set(
            {
                "logStreamName": attempt.log_stream or None,
                "exitCode": attempt.exit_code,
                "reason": attempt.reason or None,
                "taskArn": attempt.task,
                "containerInstanceArn": attempt.instance,
            }
        )
    return told


def _attempt(attempt: Attempt) -> dict[str, Any]:
    container = {
        "exitCode": attempt.exit_code,
        "reason": attempt.reason or None,
        "logStreamName": attempt.log_stream or None,
        "taskArn": attempt.task,
        "containerInstanceArn": attempt.instance,
    }
    return _set(
        {
            "container": _set(container),
            "startedAt": _milliseconds(attempt.started),
            "stoppedAt": _milliseconds(attempt.stopped),
            "statusReason": attempt.status_reason,
        }
    )


def _started(job: Job) -> float | None:
    return job.attempt.started if job.attempts and job.status in ACTIVE + ENDED else None


def _merged(own: dict[str, Any], overrides: dict[str, Any], member: str, key: str) -> list[dict[str, Any]]:
    found = {item[key]: item for item in own.get(member) or []}
    found |= {item[key]: item for item in overrides.get(member) or []}
    return list(found.values())


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)


def _set(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
