"""EventBridge Scheduler: schedules."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tideform.resources.actions import actions
from tideform.resources.base import ResourceType
from tideform.resources.costs import FREE
from tideform.resources.iam import role_tags
from tideform.resources.identity import text
from tideform.resources.inventory import Area, Leftover, Place


def schedules(place: Place) -> Iterator[Leftover]:
    """Schedules; they take no tags, and are as much ours as the role under which they call.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-group.html
    """
    for found in place.pages("scheduler", "list_schedules", "Schedules", NamePrefix=place.prefix):
        group, name = found["GroupName"], found["Name"]
        schedule = Leftover("scheduler", "schedule", f"{group}/{name}")
        yield from place.claim(schedule, name, partial(_tags_of_its_role, place, group, name))


def _tags_of_its_role(place: Place, group: str, name: str) -> dict[str, str]:
    """None where the role is gone: then it can call nothing."""
    scheduler, iam = place.cloud.client("scheduler"), place.cloud.client("iam")
    role = scheduler.get_schedule(GroupName=group, Name=name)["Target"]["RoleArn"]
    try:
        return role_tags(place, role.rpartition("/")[2])
    except iam.exceptions.NoSuchEntityException:
        return {}


TYPES = (
    ResourceType(
        "aws:scheduler/schedule:Schedule",
        terraform="aws_scheduler_schedule",
        identify=text("{groupName}/{name}"),
        cost=FREE,  # fourteen million calls a month are free
        inventory=Area("EventBridge schedules", schedules),
        actions=actions(
            "scheduler",
            create="CreateSchedule",
            read="GetSchedule",
            update="UpdateSchedule",
            delete="DeleteSchedule",
            search="ListSchedules",
            passes=("scheduler",),
        ),
        in_units=True,
    ),
)
