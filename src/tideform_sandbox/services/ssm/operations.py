"""Puts our Run Command in the place of moto's, which runs nothing.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tideform_sandbox.services.ssm.command import RUNNING, Command, at
from tideform_sandbox.services.ssm.plane import Plane
from tideform_sandbox.services.ssm.planes import Planes
from tideform_sandbox.world import World

Operation = Callable[[Plane, dict[str, Any]], dict[str, Any]]
_MOST_INSTANCES = 50
_CANCELLED_ON = ("pending", "running", "stopping", "stopped")
_PARAMETER = re.compile(r"\{\{\s*ssm:")  # Parameter Store's, which AWS looks up before it sends a command


def install(world: World) -> None:
    """Put our operations on moto's response class, under its names for them."""
    from moto.ssm.responses import SimpleSystemManagerResponse

    planes = Planes(world)
    operations: tuple[Operation, ...] = (
        send_command,
        list_commands,
        list_command_invocations,
        get_command_invocation,
        cancel_command,
        describe_instance_information,
        describe_sessions,
    )
    for operation in operations:
        setattr(SimpleSystemManagerResponse, operation.__name__, _method(operation, planes))


def describe_sessions(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001  # as all operations
    """None, ever: a shell on a machine of the sandbox is one of this machine (`tideform_sandbox.nodes.shell`)."""
    return {"Sessions": []}


def send_command(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Run a shell script on instances."""
    if given["DocumentName"] != "AWS-RunShellScript":
        raise _error("InvalidDocument", f"the sandbox runs AWS-RunShellScript only, not {given['DocumentName']}")
    online = plane.nodes()
    ids = list(dict.fromkeys([*(given.get("InstanceIds") or []), *_targets(online, given.get("Targets") or [])]))
    if len(given.get("InstanceIds") or []) > _MOST_INSTANCES:
        raise _error("ValidationException", "Member must have length less than or equal to 50")
    if _PARAMETER.search(" ".join((given.get("Parameters") or {}).get("commands") or [])):
        raise _error("InvalidParameters", "the sandbox puts no parameter in the place of {{ssm:NAME}}")
    if missing := [one for one in ids if one not in online]:
        raise _error("InvalidInstanceId", f"Instances [{missing}] not in a valid state for account")
    return {"Command": plane.send(given, ids).told()}


def list_commands(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Commands, the newest first."""
    found = [
        command
        for command in _commands(plane, given)
        if all(_fits(command.status, one, command.requested) for one in given.get("Filters") or [])
    ]
    return _page([command.told() for command in found], given, "Commands")


def list_command_invocations(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Commands on each of their instances."""
    found = [
        command.listed(one, detailed=bool(given.get("Details")))
        for command in _commands(plane, given)
        for one in command.invocations.values()
        if given.get("InstanceId") in (None, one.instance_id)
        and all(_fits(one.status, wanted, command.requested) for wanted in given.get("Filters") or [])
    ]
    return _page(found, given, "CommandInvocations")


def get_command_invocation(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """One command on one instance."""
    command = plane.commands.get(given["CommandId"])
    if command is None or given["InstanceId"] not in command.invocations:
        raise _error(
            "InvocationDoesNotExist", "The command ID and managed node ID you specified didn't match any invocations."
        )
    return command.invocation(command.invocations[given["InstanceId"]])


def cancel_command(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Try to end a command; it does not say whether that worked.

    Without ``InstanceIds`` on all that it was sent to. One that is shutting down or gone is refused, and with it all.
    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CancelCommand.html
    """
    command = plane.commands.get(given["CommandId"])
    if command is None:
        raise _error("InvalidCommandId", "The specified command ID isn't valid.")
    ids = given.get("InstanceIds") or command.instance_ids
    if len(set(ids)) < len(ids):
        raise _error("DuplicateInstanceId", "You can't specify a managed node ID in more than one association.")
    there = plane.nodes(*_CANCELLED_ON)
    if gone := [one for one in ids if one not in there]:
        raise _error("InvalidInstanceId", f"Instances [{gone}] not in a valid state for account")
    plane.cancel(command, ids)
    return {}


def describe_instance_information(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """The instances with an agent: all that run."""
    wanted = [one for one in given.get("Filters") or [] if one["Key"] == "InstanceIds"]
    ids = [value for one in wanted for value in one["Values"]]
    found = [
        {
            "InstanceId": key,
            "PingStatus": "Online",
            "LastPingDateTime": at(plane.clock.now()),
            "AgentVersion": "3.3.0.0",
            "PlatformType": "Linux",
            "PlatformName": "Amazon Linux",
            "PlatformVersion": "2023",
            "ResourceType": "EC2Instance",
            "IPAddress": str(instance.private_ip),
        }
        for key, instance in plane.nodes().items()
        if not wanted or key in ids
    ]
    return _page(found, given, "InstanceInformationList")


def _method(operation: Operation, planes: Planes) -> Callable[[Any], Any]:
    def answer(self: Any) -> Any:
        from moto.core.responses import ActionResult

        from tideform_sandbox.extension.request import parameters

        return ActionResult(operation(planes.of(self.current_account, self.region), parameters(self)))

    return answer


def _commands(plane: Plane, given: dict[str, Any]) -> list[Command]:
    found = list(reversed(plane.commands.values()))
    if given.get("CommandId"):
        found = [command for command in found if command.id == given["CommandId"]]
    if given.get("InstanceId"):
        found = [command for command in found if given["InstanceId"] in command.invocations]
    return found


def _targets(online: dict[str, Any], targets: list[dict[str, Any]]) -> list[str]:
    found = []
    for target in targets:
        for key, instance in online.items():
            tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
            tag = str(target["Key"]).removeprefix("tag:")
            if key in target["Values"] or (tag in tags and tags[tag] in target["Values"]):
                found.append(key)
    return found


def _fits(status: str, wanted: dict[str, str], requested: float) -> bool:
    """The filters by status, stage and time; the others let everything pass."""
    if wanted["key"] == "InvokedAfter":
        return requested >= datetime.fromisoformat(wanted["value"]).timestamp()
    if wanted["key"] == "Status":
        return status == wanted["value"]
    if wanted["key"] == "ExecutionStage":
        return (status in RUNNING) == (wanted["value"] == "Executing")
    return True


def _page(found: list[Any], given: dict[str, Any], result: str) -> dict[str, Any]:
    start, size = int(given.get("NextToken") or 0), int(given.get("MaxResults") or 50)
    rest = {"NextToken": str(start + size)} if len(found) > start + size else {}
    return {result: found[start : start + size], **rest}


def _error(code: str, message: str) -> Exception:
    from tideform_sandbox.extension.request import AwsError

    error: Exception = AwsError(code, message)
    return error
