"""A queue that schedules and rules put messages into, and functions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import pytest

from tests.unit.sandbox.functions.deployed import Deployed, deploy
from tideform.cloud import Cloud
from tideform.local import client
from tideform.paths import Workspace
from tideform.spec.deployment import SANDBOX_ACCOUNT

_NUMBERS = count(1)


@dataclass
class Queue:
    """A queue, and what has come into it."""

    cloud: Cloud
    workspace: Workspace
    name: str

    @property
    def arn(self) -> str:
        return f"arn:aws:sqs:us-east-1:{SANDBOX_ACCOUNT}:{self.name}"

    @property
    def address(self) -> str:
        return str(self.cloud.client("sqs").get_queue_url(QueueName=self.name)["QueueUrl"])

    def bodies(self) -> list[str]:
        """The messages that came since this was last asked, oldest first."""
        sqs, found = self.cloud.client("sqs"), list[str]()
        while messages := sqs.receive_message(QueueUrl=self.address, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(message["Body"])
                sqs.delete_message(QueueUrl=self.address, ReceiptHandle=message["ReceiptHandle"])
        return found

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies()]

    def advance(self, seconds: float) -> float:
        return client.advance_clock(self.workspace, seconds)

    def now(self) -> float:
        return float(client.clock(self.workspace)["now"])


@pytest.fixture
def queue(cloud: Cloud, workspace: Workspace) -> Iterator[Queue]:
    """An empty queue; what has been scheduled meanwhile goes with it, or it would fire in every later test."""
    made = Queue(cloud, workspace, f"queue-{next(_NUMBERS)}")
    cloud.client("sqs").create_queue(QueueName=made.name)
    yield made
    scheduler, events = cloud.client("scheduler"), cloud.client("events")
    for schedule in scheduler.list_schedules()["Schedules"]:
        scheduler.delete_schedule(Name=schedule["Name"])
    for rule in events.list_rules()["Rules"]:
        events.remove_targets(Rule=rule["Name"], Ids=["1"])
        events.delete_rule(Name=rule["Name"])


@pytest.fixture
def deployed(cloud: Cloud, workspace: Workspace) -> Callable[..., Deployed]:
    return partial(deploy, cloud, workspace)
