"""Puts our Batch operations in the place of moto's, and hears of instances that somebody ends.

https://docs.aws.amazon.com/batch/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tideform_sandbox.services.batch import environment_operations as environments
from tideform_sandbox.services.batch import job_operations as jobs
from tideform_sandbox.services.batch.call import Call
from tideform_sandbox.services.batch.definition_checks import check_definition
from tideform_sandbox.services.batch.planes import Planes
from tideform_sandbox.world import World

Operation = Callable[[Call], dict[str, Any]]

_OPERATIONS: tuple[Operation, ...] = (
    jobs.submit_job,
    jobs.describe_jobs,
    jobs.list_jobs,
    jobs.cancel_job,
    jobs.terminate_job,
    environments.create_compute_environment,
    environments.describe_compute_environments,
    environments.update_compute_environment,
    environments.delete_compute_environment,
    environments.update_job_queue,
    environments.delete_job_queue,
)


def install(world: World) -> None:
    """Put our operations on moto's response class, under its names for them."""
    from moto.batch.responses import BatchResponse
    from moto.ec2.models.instances import InstanceBackend

    planes = Planes(world)
    world.running.append(planes.running)
    world.closers.append(planes.close)
    for operation in _OPERATIONS:
        setattr(BatchResponse, operation.__name__.replace("_", ""), _method(operation, planes))
    _check_definitions(BatchResponse)
    _tell_ends(InstanceBackend, planes)


def _method(operation: Operation, planes: Planes) -> Callable[[Any], str]:
    def answer(self: Any) -> str:
        return json.dumps(operation(Call(self, planes)))

    return answer


def _check_definitions(response: Any) -> None:
    """Let moto register only what Batch would."""
    register = response.registerjobdefinition

    def checked(self: Any) -> Any:
        check_definition(json.loads(self.body or "{}"))
        return register(self)

    response.registerjobdefinition = checked


def _tell_ends(instance_backend: Any, planes: Planes) -> None:
    """Let the plane of a region know when instances are ended or stopped, by whomever."""
    for name in ("terminate_instances", "stop_instances"):
        original = getattr(instance_backend, name)

        def told(self: Any, instance_ids: list[str], _original: Any = original) -> Any:
            done = _original(self, instance_ids)
            if plane := planes.existing(self.account_id, self.region_name):
                plane.instances_ended(instance_ids)
            return done

        setattr(instance_backend, name, told)
