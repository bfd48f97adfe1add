"""Puts our Auto Scaling operations in the place of moto's: groups, hooks, tags; `scheduled` has the schedule.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tideform_sandbox.services.autoscaling import group_operations as groups
from tideform_sandbox.services.autoscaling import member_operations as members
from tideform_sandbox.services.autoscaling import scheduled
from tideform_sandbox.services.autoscaling.plane import Plane
from tideform_sandbox.services.autoscaling.planes import Planes
from tideform_sandbox.world import World

Operation = Callable[[Plane, dict[str, Any]], dict[str, Any]]

_OPERATIONS: tuple[Operation, ...] = (
    groups.create_auto_scaling_group,
    groups.describe_auto_scaling_groups,
    groups.update_auto_scaling_group,
    groups.delete_auto_scaling_group,
    groups.set_desired_capacity,
    groups.suspend_processes,
    groups.resume_processes,
    groups.create_or_update_tags,
    groups.delete_tags,
    groups.describe_tags,
    groups.describe_scaling_activities,
    members.describe_auto_scaling_instances,
    members.terminate_instance_in_auto_scaling_group,
    members.put_lifecycle_hook,
    members.describe_lifecycle_hooks,
    members.delete_lifecycle_hook,
    members.complete_lifecycle_action,
    members.record_lifecycle_action_heartbeat,
    scheduled.put_scheduled_update_group_action,
    scheduled.describe_scheduled_actions,
    scheduled.delete_scheduled_action,
)


def install(world: World) -> None:
    """Put our operations on moto's response class, under its names for them."""
    from moto.autoscaling.responses import AutoScalingResponse

    planes = Planes(world)
    for operation in _OPERATIONS:
        setattr(AutoScalingResponse, operation.__name__, _method(operation, planes))


def _method(operation: Operation, planes: Planes) -> Callable[[Any], Any]:
    def answer(self: Any) -> Any:
        from moto.core.responses import ActionResult

        from tideform_sandbox.extension.request import parameters

        plane = planes.of(self.current_account, self.region)
        with plane.lock:
            return ActionResult(operation(plane, parameters(self)))

    return answer
