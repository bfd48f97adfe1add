"""CloudWatch alarms: looked at whenever one of their periods with data is over, with their actions.

Alarms on one metric each. Metric math, composite alarms and anomaly bands are stored, and stay without data.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

import json
import math
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tideform_sandbox.extension.request import put
from tideform_sandbox.services.cloudwatch.alarm_state import NO_DATA, Points, judged
from tideform_sandbox.services.events import calls
from tideform_sandbox.services.events.attempts import Attempts

if TYPE_CHECKING:
    from tideform_sandbox.world import World

_RETRIES = 3
_ACTIONS = {"ALARM": "alarm_actions", "OK": "ok_actions", NO_DATA: "insufficient_data_actions"}


def install(world: World) -> None:
    """Change moto's alarms."""
    from moto.cloudwatch.models import Alarm, CloudWatchBackend

    make, feed, change = CloudWatchBackend.put_metric_alarm, CloudWatchBackend.put_metric_data, Alarm.update_state

    def put_metric_alarm(self: Any, name: str, *given: Any, **named: Any) -> Any:
        before = self.alarms.get(name)
        alarm = make(self, name, *given, **named)
        alarm.state_value = before.state_value if before else NO_DATA
        _look_soon(world, self, alarm)
        return alarm

    def put_metric_data(self: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        feed(self, namespace, metric_data)
        put_now = {metric["MetricName"] for metric in metric_data}
        for alarm in list(self.alarms.values()):
            if alarm.namespace == namespace and alarm.metric_name in put_now:
                _look_soon(world, self, alarm)

    def update_state(self: Any, reason: str, reason_data: str, state_value: str) -> None:
        before = self.state_value
        change(self, reason, reason_data, state_value)
        if before != state_value:
            _tell(world, self, before)

    put(CloudWatchBackend, "put_metric_alarm", put_metric_alarm)
    put(CloudWatchBackend, "put_metric_data", put_metric_data)
    put(Alarm, "update_state", update_state)


def _look_soon(world: World, backend: Any, alarm: Any) -> None:
    """Look at an alarm at the end of the present period, and on as long as there is data in its window."""
    if alarm.rule or alarm.metric_data_queries or not alarm.period:
        return
    period = float(alarm.period)

    def look(due: float) -> float | None:
        if backend.alarms.get(alarm.name) is not alarm:
            return None
        values = _values(backend, alarm, due)
        state = judged(
            values,
            threshold=float(alarm.threshold),
            comparison=alarm.comparison_operator,
            needed=int(alarm.datapoints_to_alarm or alarm.evaluation_periods),
            missing=alarm.treat_missing_data or "missing",
            now=alarm.state_value,
        )
        if state != alarm.state_value:
            alarm.update_state(f"{values} against the threshold {alarm.threshold}", "{}", state)
        return due + period if any(value is not None for value in values) else None

    due = (math.floor(world.clock.now() / period) + 1) * period
    world.timeline.at(due, f"alarm/{alarm.alarm_arn}", look)


def _values(backend: Any, alarm: Any, end: float) -> list[float | None]:
    """The alarm's statistic in each of its periods up to a moment, oldest first."""
    period, count = float(alarm.period), int(alarm.evaluation_periods)
    start = end - period * count
    periods = [Points() for _ in range(count)]
    wanted = {(one.name, one.value) for one in alarm.dimensions}
    for datum in list(backend.metric_data):
        if datum.namespace != alarm.namespace or datum.name != alarm.metric_name:
            continue
        place = math.floor((_seconds(datum.timestamp) - start) / period)
        if 0 <= place < count and {(one.name, one.value) for one in datum.dimensions} == wanted:
            periods[place].add(**_parts(datum))
    name = alarm.extended_statistic or alarm.statistic or "Average"
    return [points.statistic(name) for points in periods]


def _parts(datum: Any) -> dict[str, float]:
    if hasattr(datum, "value"):
        value = float(datum.value)
        return {"total": value, "count": 1.0, "lowest": value, "highest": value}
    return {"total": datum.sum, "count": datum.sample_count, "lowest": datum.min, "highest": datum.max}


def _seconds(moment: Any) -> float:
    found = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment))
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _tell(world: World, alarm: Any, before: str) -> None:
    """Put the change on the bus, and do what the alarm says."""
    account, region = alarm.alarm_arn.split(":")[4], alarm.region_name
    now = alarm.state_updated_timestamp.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    state = {"value": alarm.state_value, "reason": alarm.state_reason, "timestamp": now}
    detail = {"alarmName": alarm.name, "state": state, "previousState": {"value": before}}
    place = {"account": account, "region": region}
    world.bus.publish("aws.cloudwatch", "CloudWatch Alarm State Change", detail, resources=[alarm.alarm_arn], **place)
    if not alarm.actions_enabled:
        return
    for arn in getattr(alarm, _ACTIONS[alarm.state_value]) or []:
        key = f"alarm/{alarm.name}/{uuid.uuid4()}"
        text = _message(alarm, before, now)
        attempts = Attempts(world, key, _action(world, alarm, arn, text), retries=_RETRIES)
        world.timeline.at(world.clock.now(), f"{key}/first", attempts.begin)


def _action(world: World, alarm: Any, arn: str, text: str) -> Any:
    def act(_: int) -> None:
        service = arn.split(":")[2]
        if service == "sns":
            subject = f'{alarm.state_value}: "{alarm.name}" in {alarm.region_name}'[:100]
            world.client("sns", calls.region(arn)).publish(TopicArn=arn, Subject=subject, Message=text)
        else:
            calls.call(world, {"Arn": arn}, text)

    return act


def _message(alarm: Any, before: str, now: str) -> str:
    dimensions = [{"name": one.name, "value": one.value} for one in alarm.dimensions]
    return json.dumps(
        {
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.description,
            "AlarmArn": alarm.alarm_arn,
            "NewStateValue": alarm.state_value,
            "NewStateReason": alarm.state_reason,
            "OldStateValue": before,
            "StateChangeTime": now,
            "Region": alarm.region_name,
            "Trigger": {"MetricName": alarm.metric_name, "Namespace": alarm.namespace, "Dimensions": dimensions},
        }
    )
