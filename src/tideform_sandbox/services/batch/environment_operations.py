"""The Batch operations on compute environments and queues: moto keeps them, the plane gives them capacity.

https://docs.aws.amazon.com/batch/latest/APIReference/API_UpdateComputeEnvironment.html
"""

from __future__ import annotations

import threading
from typing import Any

from tideform_sandbox.one_network import reason_against
from tideform_sandbox.services.batch.call import Call, client_error
from tideform_sandbox.services.batch.fleet import Fleet

_UPDATE_SECONDS = 1.0  # that an update takes where no machine stands
_SCALING = ("desiredvCpus", "maxvCpus", "minvCpus", "scalingPolicy")
_making_role = threading.Lock()  # a service's role is one, whoever asks for it at the same time


def create_compute_environment(call: Call) -> dict[str, Any]:
    """Make an environment; moto checks it, the plane brings the capacity."""
    body = call.body
    if body.get("state", "ENABLED") != "ENABLED":
        raise client_error("A compute environment must be created in the ENABLED state")
    resources = body.get("computeResources")
    _check_network(call, resources or {})
    none_yet = {**resources, "minvCpus": 0, "desiredvCpus": 0} if resources else None
    environment = call.backend.create_compute_environment(
        compute_environment_name=body.get("computeEnvironmentName", ""),
        _type=body.get("type"),
        state=body.get("state", "ENABLED"),
        compute_resources=none_yet,
        service_role=body.get("serviceRole") or _service_linked_role(call),
        tags=body.get("tags"),
    )
    environment.compute_resources = resources
    fleet = call.plane.fleet(environment)
    if int(fleet.resources.get("desiredvCpus") or 0) > 0:
        call.plane.want(environment, int(fleet.resources["desiredvCpus"]))
    call.plane.changed()
    return {"computeEnvironmentArn": environment.arn, "computeEnvironmentName": environment.name}


def _check_network(call: Call, resources: dict[str, Any]) -> None:
    """AWS finds it a moment later, and the environment is INVALID for that reason; nobody could use it any more."""
    subnets, groups = resources.get("subnets") or [], resources.get("securityGroupIds") or []
    if subnets and (why := reason_against(call.backend.ec2_backend, subnets, groups)):
        raise client_error(f"CLIENT_ERROR - {why}")


def describe_compute_environments(call: Call) -> dict[str, Any]:
    """Environments, with the capacity that stands and what went wrong."""
    described = call.backend.describe_compute_environments(call.body.get("computeEnvironments"))
    for told in described:
        environment = call.backend.get_compute_environment_by_arn(told["computeEnvironmentArn"])
        if environment is None:
            continue
        fleet = call.plane.fleet(environment)
        if not fleet.is_fargate and told.get("computeResources"):
            told["computeResources"] = {**told["computeResources"], "desiredvCpus": fleet.vcpus}
        told["containerOrchestrationType"] = "ECS"
        if _is_updating(call, fleet):
            told["status"], told["statusReason"] = "UPDATING", "ComputeEnvironment is being updated"
        elif fleet.problem:
            told["status"], told["statusReason"] = "INVALID", fleet.problem
        else:
            told["statusReason"] = fleet.lack or "ComputeEnvironment Healthy"
    return {"computeEnvironments": described}


def update_compute_environment(call: Call) -> dict[str, Any]:
    """Change an environment; minvCpus and desiredvCpus bring capacity at once."""
    body = call.body
    environment = call.backend.get_compute_environment(body.get("computeEnvironment", ""))
    if environment is None:
        raise client_error(f"{body.get('computeEnvironment')} does not exist")
    fleet, resources = call.plane.fleet(environment), body.get("computeResources") or {}
    _refuse_while_updating(call, fleet, "update")
    merged = {**(environment.compute_resources or {}), **resources}
    _check_bounds(merged, resources, fleet.vcpus)
    renewed = _infrastructure_changes(environment, resources)
    call.backend.update_compute_environment(environment.name, body.get("state"), None, body.get("serviceRole"))
    if resources:
        environment.compute_resources = merged
        fleet.problem = fleet.lack = ""  # it may be what made launches fail: see again
    if "desiredvCpus" in resources:
        call.plane.want(environment, int(resources["desiredvCpus"]))
    if renewed:
        _begin_update(call, fleet)
    call.plane.changed()
    return {"computeEnvironmentArn": environment.arn, "computeEnvironmentName": environment.name}


def _infrastructure_changes(environment: Any, given: dict[str, Any]) -> bool:
    """Whether machines have to be replaced: what they are launched with changes. Refused where Batch cannot do that.

    https://docs.aws.amazon.com/batch/latest/userguide/infrastructure-updates.html
    """
    before = environment.compute_resources or {}
    changed = [key for key in given if key not in _SCALING and given[key] != before.get(key)]
    strategy = before.get("allocationStrategy", "BEST_FIT")
    if changed and (strategy == "BEST_FIT" or "/aws-service-role/" not in str(environment.service_role)):
        raise client_error(
            f"{', '.join(changed)} cannot be updated: that takes an allocation strategy other than BEST_FIT and the "
            "service-linked role of AWS Batch"
        )
    return bool(changed)


def _check_bounds(merged: dict[str, Any], given: dict[str, Any], standing: int) -> None:
    low, high = int(merged.get("minvCpus") or 0), int(merged.get("maxvCpus") or 0)
    if low < 0 or low > high:
        raise client_error("minvCpus must be between 0 and maxvCpus")
    if "maxvCpus" in given and standing > high:  # https://github.com/ASFHyP3/hyp3/issues/2965
        raise client_error("desiredvCpus should be between minvCpus and maxvCpus")
    if "desiredvCpus" in given and not low <= int(given["desiredvCpus"]) <= high:
        raise client_error("desiredvCpus must be between minvCpus and maxvCpus")


def delete_compute_environment(call: Call) -> dict[str, Any]:
    """Delete an environment that is disabled and belongs to no queue; its instances end with it."""
    environment = call.backend.get_compute_environment(call.body.get("computeEnvironment", ""))
    if environment is None:
        return {}
    _refuse_while_updating(call, call.plane.fleet(environment), "delete")
    if any(environment in queue.environments for queue in call.backend._job_queues.values()):
        raise client_error("Cannot delete, found existing JobQueue relationship")
    if environment.state != "DISABLED":
        raise client_error("Cannot delete, compute environment must be DISABLED first")
    call.plane.drop(environment)
    call.backend.delete_compute_environment(environment.name)
    return {}


def update_job_queue(call: Call) -> dict[str, Any]:
    """Change a queue; environments may be given by name or ARN (moto wants ARNs)."""
    body = call.body
    order = body.get("computeEnvironmentOrder")
    for entry in order or []:
        environment = call.backend.get_compute_environment(entry["computeEnvironment"])
        if environment is None:
            raise client_error(f"{entry['computeEnvironment']} does not exist")
        entry["computeEnvironment"] = environment.arn
    name, arn = call.backend.update_job_queue(
        queue_name=body.get("jobQueue"),
        priority=body.get("priority"),
        state=body.get("state"),
        compute_env_order=order,
        schedule_policy=body.get("schedulingPolicyArn"),
    )
    call.plane.changed()
    return {"jobQueueArn": arn, "jobQueueName": name}


def delete_job_queue(call: Call) -> dict[str, Any]:
    """Delete a queue that is disabled; its jobs end with it."""
    queue = call.backend.get_job_queue(call.body.get("jobQueue", ""))
    if queue is None:
        return {}
    if queue.state != "DISABLED":
        raise client_error("Cannot delete, job queue must be DISABLED first")
    for job in call.plane.jobs():
        if job.queue == queue.arn:
            call.plane.terminate(job, "Job queue deleted")
    call.backend.delete_job_queue(queue.arn)
    return {}


def _service_linked_role(call: Call) -> str:
    """The role that Batch makes for itself where none is given."""
    iam = call.backend.iam_backend
    with _making_role:
        for role in iam.get_roles():
            if role.path == "/aws-service-role/batch.amazonaws.com/":
                return str(role.arn)
        return str(iam.create_service_linked_role("batch.amazonaws.com", "", "").arn)


def _begin_update(call: Call, fleet: Fleet) -> None:
    """Let what stands be replaced."""
    fleet.renewed_at = call.clock.now() + _UPDATE_SECONDS
    call.plane.changed(fleet)


def _is_updating(call: Call, fleet: Fleet) -> bool:
    """Whether an update has not ended yet."""
    return call.clock.now() < fleet.renewed_at or any(host.old for host in fleet.hosts)


def _refuse_while_updating(call: Call, fleet: Fleet, doing: str) -> None:
    """Batch refuses every change of an environment that it is updating, its size and state included."""
    if _is_updating(call, fleet):
        raise client_error(f"Cannot {doing}, resource is being modified")
