"""EventBridge's rules: by time, and by what happens."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tests.unit.sandbox.functions.deployed import Deployed
from tests.unit.sandbox.market.machines import Machines
from tests.unit.sandbox.schedules.conftest import Queue
from tests.unit.sandbox.waiting import until

_NUMBERS = count(1)


def _rule(queue: Queue, target: dict[str, Any] | None = None, **rule: Any) -> str:
    events, name = queue.cloud.client("events"), f"rule-{next(_NUMBERS)}"
    if "EventPattern" in rule:
        rule["EventPattern"] = json.dumps(rule["EventPattern"])
    events.put_rule(Name=name, **rule)
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": queue.arn, **(target or {})}])
    return name


def _put(queue: Queue, detail: dict[str, Any], kind: str = "order") -> None:
    entry = {"Source": "shop", "DetailType": kind, "Detail": json.dumps(detail)}
    queue.cloud.client("events").put_events(Entries=[entry])


def test_a_rate_fires_every_period_after_the_first(queue: Queue) -> None:
    _rule(queue, ScheduleExpression="rate(30 minutes)")
    queue.advance(2 * 3600 + 60)
    events = queue.events()
    assert len(events) == 4
    assert {event["detail-type"] for event in events} == {"Scheduled Event"}


def test_disabling_enabling_and_deleting_take_effect(queue: Queue) -> None:
    events, name = queue.cloud.client("events"), _rule(queue, ScheduleExpression="rate(1 hour)")
    events.disable_rule(Name=name)
    queue.advance(2 * 3600)
    assert queue.bodies() == []
    events.enable_rule(Name=name)
    queue.advance(3700)
    assert len(queue.bodies()) == 1
    events.remove_targets(Rule=name, Ids=["1"])
    events.delete_rule(Name=name)
    queue.advance(2 * 3600)
    assert queue.bodies() == []


def test_an_event_goes_to_the_rules_that_match_it(queue: Queue) -> None:
    _rule(queue, EventPattern={"source": ["shop"], "detail": {"price": [{"numeric": [">", 10]}]}})
    _put(queue, {"price": 5})
    _put(queue, {"price": 50})
    (body,) = until(queue.bodies)
    event = json.loads(body)
    assert event["detail"] == {"price": 50}
    assert event["time"].endswith("Z")


def test_a_function_is_a_target(queue: Queue, deployed: Callable[..., Deployed]) -> None:
    function = deployed("print(event['detail']['n'])")
    _rule(queue, {"Arn": function.arn}, EventPattern={"source": ["shop"]})
    _put(queue, {"n": 7})
    until(lambda: function.said() == ["7"])


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ({"Input": '{"always": "this"}'}, {"always": "this"}),
        ({"InputPath": "$.detail"}, {"who": 'Ann "A"', "n": 3}),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"who": "$.detail.who", "n": "$.detail.n"},
                    "InputTemplate": '{"text": "<who> has <n>", "who": <who>, "n": <n>}',
                }
            },
            {"text": 'Ann "A" has 3', "who": 'Ann "A"', "n": 3},
        ),
    ],
)
def test_a_target_may_get_less_than_the_event(queue: Queue, target: dict[str, Any], body: Any) -> None:
    _rule(queue, target, EventPattern={"source": ["shop"], "detail-type": [queue.name]})
    _put(queue, {"who": 'Ann "A"', "n": 3}, queue.name)
    (found,) = until(queue.bodies)
    assert json.loads(found) == body


def test_a_disabled_rule_hears_nothing(queue: Queue) -> None:
    quiet = _rule(queue, EventPattern={"source": ["shop"]}, State="DISABLED")
    _rule(queue, {"Input": "loud"}, EventPattern={"source": ["shop"]})
    _put(queue, {"n": 1})
    assert quiet
    assert until(queue.bodies) == ["loud"]


def test_instances_tell_of_their_life(queue: Queue) -> None:
    machines = Machines(queue.cloud, queue.workspace)
    _rule(queue, {"InputPath": "$.detail"}, EventPattern={"detail-type": ["EC2 Instance State-change Notification"]})
    instance = machines.launch()
    machines.end(instance)
    queue.advance(1)
    told = [(event["instance-id"], event["state"]) for event in queue.events()]
    assert told == [(instance, "pending"), (instance, "running"), (instance, "terminated")]


def test_spot_instances_tell_that_they_are_taken_back(queue: Queue) -> None:
    machines = Machines(queue.cloud, queue.workspace)
    _rule(queue, EventPattern={"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]})
    instance = machines.launch(spot=True)
    machines.script(reclaim=[{"instance": instance}])
    queue.advance(130)
    (event,) = queue.events()
    assert event["detail"] == {"instance-id": instance, "instance-action": "terminate"}


def test_buckets_tell_of_new_objects_where_they_are_asked_to(queue: Queue) -> None:
    s3 = queue.cloud.client("s3")
    for bucket in ("telling", "silent"):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_notification_configuration(
        Bucket="telling", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    _rule(queue, {"InputPath": "$.detail"}, EventPattern={"source": ["aws.s3"], "detail-type": ["Object Created"]})
    for bucket in ("silent", "telling"):
        s3.put_object(Bucket=bucket, Key="new/one", Body=b"x")
    (body,) = until(queue.bodies)
    detail = json.loads(body)
    assert (detail["bucket"]["name"], detail["object"]["key"]) == ("telling", "new/one")
