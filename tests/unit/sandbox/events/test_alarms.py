"""Alarms look at what was measured, and act, on the sandbox's time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from tests.unit.sandbox.functions.deployed import deploy
from tideform.cloud import Cloud
from tideform.local import client
from tideform.paths import Workspace

_NUMBERS = count(1)


class Watch:
    """One alarm that tells a topic, and a queue that hears it."""

    def __init__(self, cloud: Cloud, workspace: Workspace) -> None:
        self.cloud, self.workspace, self.name = cloud, workspace, f"alarm-{next(_NUMBERS)}"
        sqs, sns = cloud.client("sqs"), cloud.client("sns")
        self.address = sqs.create_queue(QueueName=self.name)["QueueUrl"]
        self.topic = sns.create_topic(Name=self.name)["TopicArn"]
        arn = sqs.get_queue_attributes(QueueUrl=self.address, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)

    @property
    def watch(self) -> Any:
        return self.cloud.client("cloudwatch")

    def alarm(self, **settings: Any) -> None:
        self.watch.put_metric_alarm(
            **{
                "AlarmName": self.name,
                "Namespace": "Own",
                "MetricName": self.name,
                "Statistic": "Sum",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 10,
                "ComparisonOperator": "GreaterThanThreshold",
                "AlarmActions": [self.topic],
                "OKActions": [self.topic],
                "TreatMissingData": "notBreaching",
                **settings,
            }
        )

    def measure(self, value: float) -> None:
        self.watch.put_metric_data(Namespace="Own", MetricData=[{"MetricName": self.name, "Value": value}])

    def state(self) -> str:
        return str(self.watch.describe_alarms(AlarmNames=[self.name])["MetricAlarms"][0]["StateValue"])

    def told(self) -> list[str]:
        """The states that the topic told since this was last asked."""
        sqs, found = self.cloud.client("sqs"), list[str]()
        while messages := sqs.receive_message(QueueUrl=self.address, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(json.loads(message["Body"])["Message"])["NewStateValue"])
                sqs.delete_message(QueueUrl=self.address, ReceiptHandle=message["ReceiptHandle"])
        return found

    def advance(self, seconds: float) -> None:
        client.advance_clock(self.workspace, seconds)


@pytest.fixture
def watch(cloud: Cloud, workspace: Workspace) -> Iterator[Watch]:
    made = Watch(cloud, workspace)
    made.advance(61 - client.clock(workspace)["now"] % 60)  # just after a period's start: no test straddles two
    yield made
    made.watch.delete_alarms(AlarmNames=[made.name])


def test_an_alarm_is_without_data_at_first_and_settles(watch: Watch) -> None:
    watch.alarm()
    assert watch.state() == "INSUFFICIENT_DATA"
    watch.advance(120)
    assert watch.state() == "OK"


def test_it_fires_when_a_period_breaches_and_recovers_when_none_does(watch: Watch) -> None:
    watch.alarm()
    watch.advance(120)
    watch.told()
    watch.measure(6)
    watch.measure(7)
    watch.advance(60)
    assert watch.state() == "ALARM"
    watch.advance(120)
    assert watch.state() == "OK"
    assert watch.told() == ["ALARM", "OK"]


def test_what_stays_below_the_threshold_is_no_alarm(watch: Watch) -> None:
    watch.alarm()
    watch.measure(3)
    watch.advance(180)
    assert watch.told() == ["OK"]


def test_several_periods_have_to_breach_where_it_says_so(watch: Watch) -> None:
    watch.alarm(EvaluationPeriods=3, DatapointsToAlarm=2)
    watch.advance(240)
    watch.measure(20)
    watch.advance(60)
    assert watch.state() == "OK"
    watch.measure(20)
    watch.advance(60)
    assert watch.state() == "ALARM"


def test_a_functions_errors_raise_an_alarm(watch: Watch) -> None:
    function = deploy(watch.cloud, watch.workspace, "raise ValueError('no')")
    dimensions = [{"Name": "FunctionName", "Value": function.name}]
    watch.alarm(Namespace="AWS/Lambda", MetricName="Errors", Dimensions=dimensions, Threshold=0)
    function.call()
    watch.advance(120)
    assert "ALARM" in watch.told()


def test_setting_the_state_acts_as_well(watch: Watch) -> None:
    watch.alarm(TreatMissingData="ignore")
    watch.watch.set_alarm_state(AlarmName=watch.name, StateValue="ALARM", StateReason="a drill")
    watch.advance(1)
    assert watch.told() == ["ALARM"]


def test_an_alarm_whose_actions_are_off_is_silent(watch: Watch) -> None:
    watch.alarm(ActionsEnabled=False)
    watch.measure(20)
    watch.advance(120)
    assert watch.told() == []


def test_a_function_can_be_told(watch: Watch) -> None:
    function = deploy(watch.cloud, watch.workspace, "print(event['NewStateValue'])")
    watch.alarm(AlarmActions=[function.arn], OKActions=[])
    watch.measure(20)
    watch.advance(70)
    assert function.said() == ["ALARM"]


def test_a_change_of_state_is_on_the_event_bus(watch: Watch) -> None:
    events, function = watch.cloud.client("events"), deploy(watch.cloud, watch.workspace, "print(event['value'])")
    pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": [watch.name]}}
    events.put_rule(Name=watch.name, EventPattern=json.dumps(pattern))
    target = {"Id": "1", "Arn": function.arn, "InputPath": "$.detail.state"}
    events.put_targets(Rule=watch.name, Targets=[target])
    watch.alarm()
    watch.measure(20)
    watch.advance(70)
    assert function.said() == ["ALARM"]
