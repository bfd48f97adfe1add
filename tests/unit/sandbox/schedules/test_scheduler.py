"""Schedules come due as the clock passes them, and call what they are told to."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.functions.deployed import Deployed
from tests.unit.sandbox.schedules.conftest import Queue
from tests.unit.sandbox.waiting import until
from tideform.cloud import Cloud
from tideform.local import control, description
from tideform.spec.deployment import SANDBOX_ACCOUNT

_NUMBERS = count(1)
_ROLE = f"arn:aws:iam::{SANDBOX_ACCOUNT}:role/scheduler"


def _schedule(cloud: Cloud, expression: str, target: dict[str, Any], **more: Any) -> str:
    name = f"schedule-{next(_NUMBERS)}"
    cloud.client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression=expression,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"RoleArn": _ROLE, **target},
        **more,
    )
    return name


def _at(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def test_a_rate_fires_at_once_and_then_every_period(queue: Queue) -> None:
    _schedule(queue.cloud, "rate(5 minutes)", {"Arn": queue.arn, "Input": "tick"})
    queue.advance(3600)
    assert queue.bodies() == ["tick"] * 13


def test_the_input_may_say_when_it_was_due_and_which_execution_it_is(queue: Queue) -> None:
    text = json.dumps({"time": "<aws.scheduler.scheduled-time>", "id": "<aws.scheduler.execution-id>"})
    due = queue.now() + 600
    _schedule(queue.cloud, f"at({_at(due)})", {"Arn": queue.arn, "Input": text})
    queue.advance(700)
    (event,) = queue.events()
    assert event["time"] == _at(due) + "Z"
    assert len(event["id"]) == 36


def test_a_function_gets_it_as_its_event_and_runs_with_the_clock_at_that_time(
    queue: Queue, deployed: Callable[..., Deployed]
) -> None:
    body = """
import time
print(event['time'], int(time.time() + float(os.environ['TIDEFORM_NOW_OFFSET'])))
"""
    function = deployed(body)
    due = queue.now() // 60 * 60 + 1200
    text = json.dumps({"time": "<aws.scheduler.scheduled-time>"})
    _schedule(queue.cloud, f"at({_at(due)})", {"Arn": function.arn, "Input": text})
    queue.advance(6 * 3600)
    (line,) = function.said()
    said, now = line.split()
    assert said == _at(due) + "Z"
    assert int(now) == pytest.approx(due, abs=60)


def test_a_function_that_calls_the_sandbox_does_so_while_the_clock_waits(
    queue: Queue, deployed: Callable[..., Deployed]
) -> None:
    body = f"""
import boto3
boto3.client('sqs').send_message(QueueUrl={queue.address!r}, MessageBody=event['time'])
"""
    function = deployed(body)
    text = json.dumps({"time": "<aws.scheduler.scheduled-time>"})
    start = queue.now()
    _schedule(queue.cloud, "rate(1 hour)", {"Arn": function.arn, "Input": text})
    queue.advance(3 * 3600 + 60)
    moments = [datetime.fromisoformat(body).timestamp() for body in queue.bodies()]
    assert [moment - start for moment in moments] == pytest.approx([0, 3600, 7200, 10800], abs=60)


def test_any_operation_can_be_called_with_keys_spelt_as_aws_does(queue: Queue) -> None:
    request = {"QueueUrl": queue.address, "MessageBody": "universal"}
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "Input": json.dumps(request)}
    _schedule(queue.cloud, f"at({_at(queue.now() + 60)})", target)
    queue.advance(120)
    assert queue.bodies() == ["universal"]


def test_an_operation_with_small_letters_takes_them_large(queue: Queue) -> None:
    request = {"LogGroupName": "made-by-a-schedule", "Tags": {"a": "b"}}
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:cloudwatchlogs:createLogGroup", "Input": json.dumps(request)}
    _schedule(queue.cloud, f"at({_at(queue.now() + 60)})", target)
    queue.advance(120)
    groups = queue.cloud.client("logs").describe_log_groups(logGroupNamePrefix="made-by-a-schedule")["logGroups"]
    assert len(groups) == 1


def test_a_schedule_of_a_time_zone(queue: Queue) -> None:
    now = datetime.fromtimestamp(queue.now(), UTC)
    text = json.dumps({"time": "<aws.scheduler.scheduled-time>"})
    zone = {"ScheduleExpressionTimezone": "Asia/Kolkata"}  # half past, in UTC, and no summer time
    _schedule(queue.cloud, "cron(0 9 * * ? *)", {"Arn": queue.arn, "Input": text}, **zone)
    queue.advance(86400)
    (event,) = queue.events()
    assert event["time"].endswith("T03:30:00Z")
    assert datetime.fromisoformat(event["time"]) > now


def test_it_does_not_fire_before_its_start_nor_after_its_end(queue: Queue) -> None:
    start = queue.now() + 3600
    bounds = {"StartDate": datetime.fromtimestamp(start, UTC), "EndDate": datetime.fromtimestamp(start + 1900, UTC)}
    text = json.dumps({"time": "<aws.scheduler.scheduled-time>"})
    _schedule(queue.cloud, "rate(10 minutes)", {"Arn": queue.arn, "Input": text}, **bounds)
    queue.advance(4 * 3600)
    moments = [datetime.fromisoformat(event["time"]).timestamp() for event in queue.events()]
    assert [moment - start for moment in moments] == pytest.approx([0, 600, 1200, 1800], abs=2)


def test_disabling_enabling_changing_and_deleting_take_effect(queue: Queue) -> None:
    scheduler = queue.cloud.client("scheduler")
    target = {"Arn": queue.arn, "RoleArn": _ROLE, "Input": "tick"}
    name = _schedule(queue.cloud, "rate(1 hour)", target, State="DISABLED")

    def update(expression: str, state: str) -> None:
        scheduler.update_schedule(
            Name=name,
            ScheduleExpression=expression,
            State=state,
            Target=target,
            FlexibleTimeWindow={"Mode": "OFF"},
        )

    queue.advance(7200)
    assert queue.bodies() == []
    update("rate(1 hour)", "ENABLED")
    queue.advance(3700)
    assert len(queue.bodies()) == 2
    update("rate(1 day)", "ENABLED")
    queue.advance(7200)
    assert len(queue.bodies()) == 1
    update("rate(1 minute)", "DISABLED")
    queue.advance(7200)
    assert queue.bodies() == []
    update("rate(1 hour)", "ENABLED")
    queue.advance(60)
    scheduler.delete_schedule(Name=name)
    queue.bodies()
    queue.advance(7200)
    assert queue.bodies() == []


def test_a_schedule_may_go_away_when_it_is_over(queue: Queue) -> None:
    once = f"at({_at(queue.now() + 60)})"
    name = _schedule(queue.cloud, once, {"Arn": queue.arn, "Input": "x"}, ActionAfterCompletion="DELETE")
    queue.advance(120)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        queue.cloud.client("scheduler").get_schedule(Name=name)


def test_what_fails_is_tried_again_with_the_same_execution(queue: Queue) -> None:
    text = '{"QueueName": "comes-later-<aws.scheduler.attempt-number>"}'
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:getQueueUrl", "Input": text}
    _schedule(queue.cloud, f"at({_at(queue.now() + 60)})", {**target, "DeadLetterConfig": {"Arn": queue.arn}})
    queue.cloud.client("sqs").create_queue(QueueName="comes-later-3")
    queue.advance(7200)
    assert queue.bodies() == []


def test_what_fails_for_good_goes_to_the_dead_letter_queue(queue: Queue) -> None:
    target = {
        "Arn": f"arn:aws:sqs:us-east-1:{SANDBOX_ACCOUNT}:nowhere",
        "Input": "lost",
        "RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 3600},
        "DeadLetterConfig": {"Arn": queue.arn},
    }
    _schedule(queue.cloud, f"at({_at(queue.now() + 60)})", target)
    queue.advance(7200)
    assert queue.bodies() == ["lost"]


def test_a_bad_expression_is_refused(queue: Queue) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        _schedule(queue.cloud, "cron(61 * * * ? *)", {"Arn": queue.arn})


def test_a_batch_job_can_be_submitted(queue: Queue, deployed: Callable[..., Deployed]) -> None:
    """A queue that does not exist answers ClientException; that Batch was reached is what counts."""
    request = {"JobName": "nightly", "JobQueue": "no-such-queue", "JobDefinition": "no-such-definition"}
    target = {
        "Arn": "arn:aws:scheduler:::aws-sdk:batch:submitJob",
        "Input": json.dumps(request),
        "RetryPolicy": {"MaximumRetryAttempts": 0},
        "DeadLetterConfig": {"Arn": queue.arn},
    }
    _schedule(queue.cloud, f"at({_at(queue.now() + 60)})", target)
    queue.advance(120)
    assert [json.loads(body)["JobName"] for body in queue.bodies()] == ["nightly"]


def test_schedules_fire_without_anybody_moving_the_clock(queue: Queue) -> None:
    _schedule(queue.cloud, "rate(1 hour)", {"Arn": queue.arn, "Input": "now"})
    assert until(queue.bodies) == ["now"]


def test_what_schedules_and_functions_do_does_not_keep_the_sandbox_alive(
    queue: Queue, deployed: Callable[..., Deployed]
) -> None:
    function = deployed("import boto3\nprint(len(boto3.client('s3').list_buckets()['Buckets']))")
    server = description.read(queue.workspace.sandbox)
    assert server is not None
    _schedule(
        queue.cloud, "rate(1 hour)", {"Arn": function.arn}, StartDate=datetime.fromtimestamp(queue.now() + 600, UTC)
    )
    begun = time.monotonic()
    queue.advance(3600)
    asked = time.monotonic()
    assert control.call(server, "GET", "idle")["seconds"] >= asked - begun
    assert function.said() == ["0"]
