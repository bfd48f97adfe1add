"""Commands of SSM as capacity ends: asked to end where that can be asked, and forgotten where nobody answers."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tideform.backends.training.ec2.in_account import ending as ec2
from tideform.backends.training.ec2.in_account import group
from tideform.reaper.base import Node

HANDLE = {"group": "fit", "hook": "h", "schedule": "s", "comment": "demo ", "tags": {}}


class InvalidInstanceId(ClientError):  # noqa: N818  # SSM's name
    pass


class InvalidCommandId(ClientError):  # noqa: N818  # SSM's name
    pass


class Exceptions:
    """As a client of boto3's has them."""

    InvalidInstanceId, InvalidCommandId = InvalidInstanceId, InvalidCommandId


class Machines:
    """EC2 tells of these machines, by their states; SSM refuses what is asked of the ``refused`` one.

    It ``goes`` while SSM is asked.
    """

    exceptions = Exceptions

    def __init__(self, refused: str = "", error: str = "InvalidInstanceId", goes: bool = False, **states: str) -> None:
        self.refused, self.error, self.goes = refused, error, goes
        self.states = {name.replace("_", "-"): state for name, state in states.items()}
        self.asked: list[tuple[str, list[str]]] = []
        self.sent: list[dict[str, Any]] = []
        self.statuses: dict[str, str] = {}

    def client(self, _service: str) -> Any:
        return self

    def get_paginator(self, operation: str) -> Any:
        return type("Pages", (), {"paginate": lambda _, **asked: [getattr(self, operation)(**asked)]})()

    def list_commands(self, **_: Any) -> dict[str, Any]:
        return {"Commands": self.sent}

    def list_command_invocations(self, **_: Any) -> dict[str, Any]:
        return {"CommandInvocations": [{"InstanceId": name, "Status": said} for name, said in self.statuses.items()]}

    def describe_instances(self, Filters: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  # EC2's name
        asked = {one["Name"]: one["Values"] for one in Filters}
        ids, states = asked.get("instance-id", self.states), asked["instance-state-name"]
        found = [name for name, state in self.states.items() if name in ids and state in states]
        return {"Reservations": [{"Instances": [self._described(name) for name in found]}]}

    def _described(self, name: str) -> dict[str, Any]:
        return {"InstanceId": name, "PrivateIpAddress": "10.0.0.1", "LaunchTime": 0}

    def cancel_command(self, CommandId: str, InstanceIds: list[str]) -> None:  # noqa: N803  # SSM's names
        if self.refused in InstanceIds and len(InstanceIds) == 1 and self.goes:
            self.states[self.refused] = "shutting-down"
        if self.refused in InstanceIds or self.error == "InvalidCommandId":
            kind: type[ClientError] = getattr(Exceptions, self.error, ClientError)
            raise kind({"Error": {"Code": self.error, "Message": "no"}}, "CancelCommand")
        self.asked.append((CommandId, InstanceIds))


def command(*machines: str, name: str = "c-1") -> dict[str, Any]:
    return {"CommandId": name, "InstanceIds": list(machines), "Comment": "demo l1"}


def test_a_command_is_cancelled_on_those_of_its_machines_that_run() -> None:
    clients = Machines(i_1="running", i_2="shutting-down", i_3="running")
    ec2.cancel(clients, [command("i-1", "i-2", "i-3", "i-4")])
    assert clients.asked == [("c-1", ["i-1", "i-3"])]


def test_of_a_command_without_a_machine_that_runs_ssm_is_not_asked() -> None:
    clients = Machines(i_1="terminated", i_2="stopped")
    ec2.cancel(clients, [command("i-1", "i-2")])
    assert clients.asked == []


def test_a_machine_that_goes_meanwhile_keeps_the_command_on_no_other() -> None:
    clients = Machines(refused="i-2", goes=True, i_1="running", i_2="running", i_3="running")
    ec2.cancel(clients, [command("i-1", "i-2", "i-3")])
    assert clients.asked == [("c-1", ["i-1"]), ("c-1", ["i-3"])]


def test_that_no_agent_answers_on_a_machine_that_runs_keeps_the_command_on_no_other_and_is_told() -> None:
    clients = Machines(refused="i-2", i_1="running", i_2="running", i_3="running")
    with pytest.raises(InvalidInstanceId):
        ec2.cancel(clients, [command("i-1", "i-2", "i-3")])
    assert clients.asked == [("c-1", ["i-1"]), ("c-1", ["i-3"])]


def test_a_command_that_has_ended_meanwhile_is_no_error() -> None:
    ec2.cancel(Machines(error="InvalidCommandId", i_1="running"), [command("i-1")])


def test_what_is_refused_of_one_command_keeps_no_other_and_is_told() -> None:
    clients = Machines(refused="i-1", error="AccessDenied", i_1="running", i_2="running")
    with pytest.raises(ClientError, match="AccessDenied"):
        ec2.cancel(clients, [command("i-1"), command("i-2", name="c-2")])
    assert clients.asked == [("c-2", ["i-2"])]


@pytest.mark.parametrize(
    ("state", "told"), [("running", True), ("stopped", True), ("shutting-down", False), ("terminated", False)]
)
def test_a_command_of_which_no_machine_stands_is_none(state: str, told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    clients = Machines()
    clients.sent = [command("i-1", "i-gone")]
    clients.statuses = {"i-1": "InProgress", "i-gone": "InProgress"}
    monkeypatch.setattr(ec2, "nodes", lambda *_: [Node("i-1", "c5.large", state, spot=False, launched=0.0)])
    assert bool(ec2.commands(clients, HANDLE)) is told


@pytest.mark.parametrize(("status", "told"), [("Cancelling", True), ("Cancelled", False), ("Success", False)])
def test_one_that_ended_on_the_machines_that_stand_is_none_whatever_it_left_on_those_that_have_gone(
    status: str, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = Machines()
    clients.sent = [command("i-1", "i-gone")]
    clients.statuses = {"i-1": status, "i-gone": "InProgress"}
    monkeypatch.setattr(ec2, "nodes", lambda *_: [Node("i-1", "c5.large", "running", spot=False, launched=0.0)])
    assert bool(ec2.commands(clients, HANDLE)) is told


class Waiting(Machines):
    """A group whose member waits to be let go, which cannot be asked for; its machine can be ended."""

    def __init__(self) -> None:
        super().__init__(i_1="running")
        self.ended: list[str] = []

    def describe_auto_scaling_groups(self, **_: Any) -> dict[str, Any]:
        zero = {"MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0, "SuspendedProcesses": [{"ProcessName": "Launch"}]}
        member = {"InstanceId": "i-1", "LifecycleState": ec2.WAITING}
        return {"AutoScalingGroups": [{"AutoScalingGroupName": "fit", **zero, "Instances": [member]}]}

    def complete_lifecycle_action(self, **_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="autoscaling")

    def terminate_instances(self, InstanceIds: list[str]) -> None:  # noqa: N803  # EC2's name
        self.ended += InstanceIds


def test_a_member_that_cannot_be_let_go_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = Waiting()
    monkeypatch.setattr(Exceptions, "ClientError", ClientError, raising=False)
    monkeypatch.setattr(ec2, "nodes", lambda *_: [Node("i-1", "c5.large", "running", spot=False, launched=0.0)])
    with pytest.raises(EndpointConnectionError):
        ec2.stop(clients, HANDLE)
    assert clients.ended == ["i-1"]


class Gone:
    """Auto Scaling of which every answer about activities is a refusal; there may be a group."""

    def __init__(self, *groups: str) -> None:
        self.groups = groups

    def client(self, _service: str) -> Any:
        return self

    def describe_auto_scaling_groups(self, **_: Any) -> dict[str, Any]:
        return {"AutoScalingGroups": [{"AutoScalingGroupName": name} for name in self.groups]}

    def describe_scaling_activities(self, **_: Any) -> Any:
        why = "AutoScalingGroup name not found"
        raise ClientError({"Error": {"Code": "ValidationError", "Message": why}}, "DescribeScalingActivities")


def test_a_group_that_is_gone_has_done_nothing() -> None:
    assert group.activities(Gone(), HANDLE) == []


def test_what_is_refused_of_a_group_that_stands_is_told() -> None:
    with pytest.raises(ClientError, match="DescribeScalingActivities"):
        group.activities(Gone("fit"), HANDLE)
