"""A training job as the sandbox keeps it, and as DescribeTrainingJob and ListTrainingJobs tell it.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tideform_sandbox.bill.ledger import whole_seconds

if TYPE_CHECKING:
    from tideform_sandbox.services.sagemaker.training.hosts import Host

ENDED = ("Completed", "Failed", "Stopped")
_TOLD = (
    "HyperParameters",
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "VpcConfig",
    "StoppingCondition",
    "CheckpointConfig",
    "Environment",
    "RetryStrategy",
)
_FLAGS = ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining")


@dataclass
class Stage:
    """One secondary status that the job went through, in seconds since the epoch."""

    status: str
    start: float
    message: str = ""
    end: float | None = None


@dataclass
class Warm:
    """The machines that a job left behind: since when, until when, and what became of them."""

    since: float
    until: float
    status: str = "Available"
    ended: float | None = None
    reused_by: str = ""


@dataclass
class TrainingJob:
    """One job; ``request`` is CreateTrainingJob's. Times are seconds since the epoch, by the sandbox's clock.

    ``leaving`` is why its commands were asked to end: a final secondary status, or ``Interrupted``. ``billed`` are the
    seconds of earlier attempts, and ``billable`` those that SageMaker takes money for; ``on_since`` is when the present
    machines began to cost.
    """

    request: dict[str, Any]
    arn: str
    region: str
    created: float
    tags: list[dict[str, str]]
    status: str = "InProgress"
    stages: list[Stage] = field(default_factory=list)
    reason: str = ""
    leaving: str = ""
    kill_at: float | None = None
    attempt: int = 0
    hosts: list[Host] = field(default_factory=list)
    has_machines: bool = False
    started: float | None = None
    ended: float | None = None
    on_since: float | None = None
    billed: float = 0.0
    billable: int = 0
    modified: float = 0.0
    warm: Warm | None = None

    @property
    def name(self) -> str:
        return str(self.request["TrainingJobName"])

    @property
    def kind(self) -> str:
        return str(self.request["ResourceConfig"]["InstanceType"])

    @property
    def count(self) -> int:
        return int(self.request["ResourceConfig"]["InstanceCount"])

    @property
    def spot(self) -> bool:
        return bool(self.request.get("EnableManagedSpotTraining"))

    @property
    def plan(self) -> str:
        """The ARN of the training plan that it uses up, if any."""
        return str(self.request["ResourceConfig"].get("TrainingPlanArn") or "")

    @property
    def keep_alive(self) -> float:
        return float(self.request["ResourceConfig"].get("KeepAlivePeriodInSeconds") or 0)

    @property
    def stage(self) -> str:
        """The present secondary status."""
        return self.stages[-1].status

    def limit(self, name: str) -> float | None:
        """A bound of its ``StoppingCondition``, in seconds."""
        found = (self.request.get("StoppingCondition") or {}).get(name)
        return None if found is None else float(found)

    def enter(self, status: str, now: float, message: str = "") -> None:
        """Go on to another stage, or tell something new of the same."""
        if self.stages and self.stages[-1].end is None:
            self.stages[-1].end = now
        self.stages.append(Stage(status, now, message))
        self.modified = now
        if status in ENDED or status.endswith("Exceeded"):
            self.stages[-1].end = now

    def described(self) -> dict[str, Any]:
        """DescribeTrainingJob's form."""
        told: dict[str, Any] = {
            "TrainingJobName": self.name,
            "TrainingJobArn": self.arn,
            "TrainingJobStatus": self.status,
            "SecondaryStatus": self.stage,
            "CreationTime": moment(self.created),
            "LastModifiedTime": moment(self.modified),
            "SecondaryStatusTransitions": [_transition(stage) for stage in self.stages],
            **{member: self.request[member] for member in _TOLD if member in self.request},
            **{member: bool(self.request.get(member)) for member in _FLAGS},
            **self._times(),
        }
        if self.reason:
            told["FailureReason"] = self.reason
        if self.status in ("Completed", "Stopped"):
            told["ModelArtifacts"] = {"S3ModelArtifacts": self.artefact}
        return told | self._warm_pool()

    def summary(self) -> dict[str, Any]:
        """ListTrainingJobs' form."""
        members = ("TrainingJobName", "TrainingJobArn", "CreationTime", "LastModifiedTime", "TrainingJobStatus")
        optional = ("SecondaryStatus", "TrainingEndTime", "WarmPoolStatus")
        told = self.described()
        return {member: told[member] for member in (*members, *optional) if member in told}

    @property
    def artefact(self) -> str:
        """Where the model goes."""
        return f"{str(self.request['OutputDataConfig']['S3OutputPath']).rstrip('/')}/{self.name}/output/model.tar.gz"

    def _times(self) -> dict[str, Any]:
        if self.started is None:
            return {}
        told: dict[str, Any] = {"TrainingStartTime": moment(self.started)}
        if self.ended is not None:
            told["TrainingEndTime"] = moment(self.ended)
            told["TrainingTimeInSeconds"] = round(self.billed)
            told["BillableTimeInSeconds"] = self.billable
        return told

    def _warm_pool(self) -> dict[str, Any]:
        if self.warm is None:
            return {"WarmPoolStatus": {"Status": "InUse"}} if self.keep_alive and self.status not in ENDED else {}
        told: dict[str, Any] = {"Status": self.warm.status}
        if self.warm.ended is not None:
            told["ResourceRetainedBillableTimeInSeconds"] = whole_seconds(self.warm.ended - self.warm.since)
        if self.warm.reused_by:
            told["ReusedByJob"] = self.warm.reused_by
        return {"WarmPoolStatus": told}


def moment(seconds: float) -> datetime:
    """A time as moto's protocols take it."""
    return datetime.fromtimestamp(seconds, UTC)


def _transition(stage: Stage) -> dict[str, Any]:
    told: dict[str, Any] = {"Status": stage.status, "StartTime": moment(stage.start), "StatusMessage": stage.message}
    return told if stage.end is None else {**told, "EndTime": moment(stage.end)}
