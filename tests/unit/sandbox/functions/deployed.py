"""Functions made of a few lines of Python, deployed to a sandbox as a zip."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from itertools import count
from typing import Any

from tideform.cloud import Cloud
from tideform.local import client
from tideform.paths import Workspace
from tideform.spec.deployment import SANDBOX_ACCOUNT

_NUMBERS = count(1)
_ROLE = f"arn:aws:iam::{SANDBOX_ACCOUNT}:role/function"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


def zipped(**files: str) -> bytes:
    """A zip of modules, by name without ``.py``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return buffer.getvalue()


@dataclass
class Deployed:
    """One function."""

    cloud: Cloud
    workspace: Workspace
    name: str

    @property
    def client(self) -> Any:
        return self.cloud.client("lambda")

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:us-east-1:{SANDBOX_ACCOUNT}:function:{self.name}"

    def call(self, event: object = None, **options: Any) -> dict[str, Any]:
        """Invoke; ``Payload`` of the answer is parsed."""
        answer = self.client.invoke(FunctionName=self.name, Payload=json.dumps(event or {}), **options)
        text = answer["Payload"].read()
        return {**answer, "Payload": json.loads(text) if text else None}

    def lines(self) -> list[str]:
        """All it has written, oldest stream first."""
        logs, group = self.cloud.client("logs"), f"/aws/lambda/{self.name}"
        try:
            streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [
            event["message"]
            for stream in sorted(streams, key=lambda one: int(one["creationTime"]))
            for event in logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
        ]

    def said(self) -> list[str]:
        """What its own code wrote, without Lambda's lines."""
        return [line for line in self.lines() if not line.startswith(("START ", "END ", "REPORT "))]

    def advance(self, seconds: float) -> float:
        return client.advance_clock(self.workspace, seconds)


def deploy(cloud: Cloud, workspace: Workspace, body: str, **settings: Any) -> Deployed:
    """Deploy ``def handler(event, context):`` with this body (unindented lines)."""
    iam = cloud.client("iam")
    if "function" not in {role["RoleName"] for role in iam.list_roles()["Roles"]}:
        iam.create_role(RoleName="function", AssumeRolePolicyDocument=json.dumps(_TRUST))
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    name = f"function-{next(_NUMBERS)}"
    reserved = settings.pop("reserved", None)
    cloud.client("lambda").create_function(
        **{
            "FunctionName": name,
            "Runtime": "python3.12",
            "Handler": "main.handler",
            "Role": _ROLE,
            "Timeout": 20,
            "Code": {"ZipFile": zipped(main=f"import json, os\n\ndef handler(event, context):\n{lines}")},
            **settings,
        }
    )
    if reserved is not None:
        cloud.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=reserved)
    return Deployed(cloud, workspace, name)
