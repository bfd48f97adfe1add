"""Calls that the sandbox makes to itself on behalf of rules, schedules and alarms: AWS's API, with the inner keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tideform_sandbox.world import World


class NoSuchTargetError(Exception):
    """The sandbox does not know how to call such a target."""


def invoke_function(world: World, arn: str, text: str, _: dict[str, Any]) -> None:
    """Invoke asynchronously, as every AWS service does."""
    world.client("lambda", region(arn)).invoke(FunctionName=arn, InvocationType="Event", Payload=text.encode())


def send_message(world: World, arn: str, text: str, target: dict[str, Any] | None = None) -> None:
    """Put a message into a queue."""
    sqs = world.client("sqs", region(arn))
    group = ((target or {}).get("SqsParameters") or {}).get("MessageGroupId")
    address = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
    sqs.send_message(QueueUrl=address, MessageBody=text, **({"MessageGroupId": group} if group else {}))


def publish(world: World, arn: str, text: str, _: dict[str, Any]) -> None:
    """Publish on a topic."""
    world.client("sns", region(arn)).publish(TopicArn=arn, Message=text)


def put_event(world: World, arn: str, text: str, target: dict[str, Any]) -> None:
    """Put an event on a bus: a schedule's own (``EventBridgeParameters``), or one that a rule hands on."""
    given, named = target.get("EventBridgeParameters"), json.loads(text)
    source, kind = (given["Source"], given["DetailType"]) if given else (named["source"], named["detail-type"])
    detail = named if given else named["detail"]
    entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail), "EventBusName": arn}
    world.client("events", region(arn)).put_events(Entries=[entry])


def submit_job(world: World, arn: str, text: str, target: dict[str, Any]) -> None:
    """Submit a Batch job to the queue of this ARN; the input may bring ``Parameters`` and ``ContainerOverrides``.

    https://docs.aws.amazon.com/batch/latest/userguide/batch-cwe-target.html
    """
    from tideform_sandbox.services.events.shapes import adapted

    given = target["BatchParameters"]
    asked: dict[str, Any] = {
        "jobName": given["JobName"],
        "jobDefinition": given["JobDefinition"],
        "jobQueue": arn,
    }
    if size := (given.get("ArrayProperties") or {}).get("Size"):
        asked["arrayProperties"] = {"size": size}
    if attempts := (given.get("RetryStrategy") or {}).get("Attempts"):
        asked["retryStrategy"] = {"attempts": attempts}
    brought = json.loads(text)
    asked |= {key: value for key, value in brought.items() if key in ("Parameters", "ContainerOverrides")}
    batch = world.client("batch", region(arn))
    batch.submit_job(**adapted(batch, "SubmitJob", asked))


def write_log(world: World, arn: str, text: str, _: dict[str, Any]) -> None:
    """Write a line to a log group, in a stream of its own."""
    import uuid

    logs, group = world.client("logs", region(arn)), arn.split(":")[6]
    stream = str(uuid.uuid4())
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    event = {"timestamp": int(world.clock.now() * 1000), "message": text}
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])


Call = Callable[["World", str, str, dict[str, Any]], None]

CALLS: dict[str, Call] = {
    "lambda": invoke_function,
    "sqs": send_message,
    "sns": publish,
    "events": put_event,
    "batch": submit_job,
    "logs": write_log,
}


def call(world: World, target: dict[str, Any], text: str) -> None:
    """Call a target by its ARN. Raises `NoSuchTargetError`, or what the service answers."""
    arn = str(target["Arn"])
    made = CALLS.get(arn.split(":")[2])
    if made is None:
        raise NoSuchTargetError(f"not emulated: targets such as {arn}")
    made(world, arn, text, target)


def region(arn: str) -> str:
    """The region of an ARN."""
    return arn.split(":")[3]
