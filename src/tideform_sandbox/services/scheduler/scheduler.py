"""EventBridge Scheduler: its schedules come due on the timeline and call their targets.

Flexible time windows are ignored: a schedule fires at the window's beginning, which AWS may do as well.
https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from tideform_sandbox.extension.request import AwsError, put
from tideform_sandbox.services.events.attempts import of_policy
from tideform_sandbox.services.scheduler import targets
from tideform_sandbox.services.scheduler.expressions import BadExpressionError, following, is_once

if TYPE_CHECKING:
    from tideform_sandbox.world import World

_JUST_BEFORE = 1e-3  # seconds: a schedule may come due at the very moment of its start


def install(world: World) -> None:
    """Put moto's schedules on the timeline as they are made, changed and deleted."""
    from moto.scheduler.models import EventBridgeSchedulerBackend as Backend

    for name in ("create_schedule", "update_schedule"):
        put(Backend, name, _planned(world, getattr(Backend, name)))
    delete, delete_group = Backend.delete_schedule, Backend.delete_schedule_group

    def delete_schedule(self: Any, group_name: str | None, name: str) -> None:
        found = self.get_schedule_group(group_name).schedules.get(name)
        delete(self, group_name, name)
        if found is not None:
            world.timeline.cancel(_key(found))

    def delete_schedule_group(self: Any, name: str | None) -> None:
        for schedule in list(self.get_schedule_group(name).schedules.values()):
            world.timeline.cancel(_key(schedule))
        delete_group(self, name)

    put(Backend, "delete_schedule", delete_schedule)
    put(Backend, "delete_schedule_group", delete_schedule_group)


def _planned(world: World, original: Any) -> Any:
    def planned(self: Any, *given: Any, **named: Any) -> Any:
        try:
            zone = named.get("schedule_expression_timezone") or "UTC"
            following(named["schedule_expression"], world.clock.now(), zone=zone)
        except BadExpressionError as error:
            raise AwsError("ValidationException", str(error)) from error
        schedule = original(self, *given, **named)
        schedule.state = schedule.state or "ENABLED"
        Planned(world, self, schedule).put()
        return schedule

    return planned


def _key(schedule: Any) -> str:
    return f"schedule/{schedule.arn}"


class Planned:
    """One schedule on the timeline, as it was made or last changed; whatever changes it puts another one there."""

    def __init__(self, world: World, backend: Any, schedule: Any) -> None:
        self._world, self._backend, self._schedule = world, backend, schedule
        self._made = world.clock.now()

    def put(self) -> None:
        """Let it come due for the first time."""
        self._world.timeline.cancel(_key(self._schedule))
        if self._schedule.state == "DISABLED":
            return
        if (first := self._first()) is not None:
            self._world.timeline.at(first, _key(self._schedule), self._fire)

    def _first(self) -> float | None:
        if is_once(self._schedule.schedule_expression):
            at = self._following(0.0)
            return None if at is None else max(at, self._made)
        return self._following(max(self._made, self._start) - _JUST_BEFORE)

    def _following(self, after: float) -> float | None:
        schedule = self._schedule
        zone = schedule.schedule_expression_timezone or "UTC"
        found = following(schedule.schedule_expression, after, zone=zone, anchor=self._start)
        past = schedule.end_date is not None and found is not None and found > float(schedule.end_date)
        return None if past and not is_once(schedule.schedule_expression) else found

    @property
    def _start(self) -> float:
        start = self._schedule.start_date
        return self._made if start is None else float(start)

    def _fire(self, due: float) -> float | None:
        schedule, target = self._schedule, self._schedule.target
        occurrence = targets.Occurrence(schedule.arn, due, str(uuid.uuid4()))
        text = occurrence.filled(target.get("Input") or occurrence.default_input(), 1)

        def call(attempt: int) -> None:
            targets.call(self._world, target, occurrence, attempt)

        of_policy(self._world, f"{_key(schedule)}/{occurrence.id}", call, target, text).begin(due)
        again = self._following(due)
        if again is None and schedule.action_after_completion == "DELETE":
            self._delete()
        return again

    def _delete(self) -> None:
        schedule = self._schedule
        group = self._backend.schedule_groups.get(schedule.group_name)
        if group is not None and group.schedules.get(schedule.name) is schedule:
            group.delete_schedule(schedule.name)
