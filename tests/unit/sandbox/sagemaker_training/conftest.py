"""A sandbox with a role and buckets, and training jobs in it."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

import pytest

from tests.unit.sandbox.waiting import until
from tideform.cloud import Cloud
from tideform.local.client import Sandbox
from tideform.local.control import call

_NUMBERS = count(1)
BUCKET = "models"
GROUP = "/aws/sagemaker/TrainingJobs"


@dataclass(frozen=True)
class Training:
    """Training jobs of one sandbox."""

    cloud: Cloud
    sandbox: Sandbox

    @property
    def api(self) -> Any:
        return self.cloud.client("sagemaker")

    def create(self, *command: str, nodes: int = 1, spot: bool = False, **changes: Any) -> str:
        """Create a job of a shell command; returns its name."""
        name = str(changes.pop("name", f"job-{next(_NUMBERS)}"))
        resources = {"InstanceType": "ml.m5.large", "InstanceCount": nodes, "VolumeSizeInGB": 10}
        stopping = {"MaxRuntimeInSeconds": 3600, **({"MaxWaitTimeInSeconds": 3600} if spot else {})}
        self.api.create_training_job(
            TrainingJobName=name,
            AlgorithmSpecification={
                "TrainingImage": "trainer",
                "TrainingInputMode": "File",
                "ContainerEntrypoint": ["sh", "-c", *command],
            },
            RoleArn="arn:aws:iam::123456789012:role/training",
            OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/out"},
            ResourceConfig={**resources, **changes.pop("resources", {})},
            StoppingCondition={**stopping, **changes.pop("stopping", {})},
            EnableManagedSpotTraining=spot,
            **changes,
        )
        return name

    def job(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.describe_training_job(TrainingJobName=name)
        return found

    def reaches(self, name: str, status: str) -> dict[str, Any]:
        """Wait until the job's primary or secondary status is this."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found[:] = [self.job(name)]
            return status in (found[0]["TrainingJobStatus"], found[0]["SecondaryStatus"])

        until(there)
        return found[0]

    def says(self, name: str, line: str) -> None:
        """Wait until the job's log has this line."""
        until(lambda: line in self.log(name))

    def log(self, name: str) -> list[str]:
        logs = self.cloud.client("logs")
        if not logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]:
            return []
        streams = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{name}/")["logStreams"]
        return [
            event["message"]
            for stream in streams
            for event in logs.get_log_events(
                logGroupName=GROUP, logStreamName=stream["logStreamName"], startFromHead=True
            )["events"]
        ]

    def advance(self, seconds: float) -> None:
        self.control("POST", "clock", {"advance": seconds})

    def market(self, **script: Any) -> None:
        self.control("POST", "market", script)

    def control(self, method: str, name: str, body: object = None) -> dict[str, Any]:
        return call(cast(Any, self.sandbox), method, name, body, timeout=60)

    def model(self, name: str) -> dict[str, str]:
        """The files of the job's model."""
        body = self.cloud.client("s3").get_object(Bucket=BUCKET, Key=f"out/{name}/output/model.tar.gz")["Body"].read()
        with tarfile.open(fileobj=io.BytesIO(body)) as archive:
            return {m.name: f.read().decode() for m in archive.getmembers() if (f := archive.extractfile(m))}

    def bill(self, name: str) -> list[dict[str, Any]]:
        """What the sandbox's own account says of the job's machines."""
        return [one for one in self.control("GET", "bill")["machines"] if one["id"].startswith(f"{name}/")]


@pytest.fixture(scope="module")
def made(cloud: Cloud, sandbox: Sandbox) -> Training:
    cloud.client("s3").create_bucket(Bucket=BUCKET)
    trust = {"Version": "2012-10-17", "Statement": []}
    cloud.client("iam").create_role(RoleName="training", AssumeRolePolicyDocument=json.dumps(trust))
    return Training(cloud, sandbox)


@pytest.fixture
def training(made: Training) -> Iterator[Training]:
    yield made
    made.market(clear=True)
