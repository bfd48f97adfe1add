"""Machines are ended whatever EC2 refuses of one of them, and whatever Batch refuses before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tideform.backends.training.batch.in_account import ending as batch
from tideform.reaper import instances
from tideform.reaper.base import Node


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "TerminateInstances")


class Ec2:
    """As EC2 does it: a request in which one machine is refused ends none."""

    def __init__(self, refused: dict[str, str]) -> None:
        self.refused, self.ended = refused, list[str]()

    def client(self, _service: str) -> Any:
        return self

    def terminate_instances(self, InstanceIds: list[str]) -> None:  # noqa: N803  # EC2's name
        for identity in InstanceIds:
            if code := self.refused.get(identity):
                raise refusal(code)
        self.ended += InstanceIds


def nodes(*ids: str) -> list[Node]:
    return [Node(id=identity, type="c5.large", state="running", spot=False, launched=0.0) for identity in ids]


def test_a_protected_machine_keeps_no_other_alive_and_is_told() -> None:
    ec2 = Ec2({"i-2": "OperationNotPermitted"})
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        instances.end(ec2, nodes("i-1", "i-2", "i-3"))
    assert ec2.ended == ["i-1", "i-3"]


def test_a_machine_that_is_gone_keeps_no_other_alive_and_is_no_failure() -> None:
    ec2 = Ec2({"i-1": "InvalidInstanceID.NotFound"})
    instances.end(ec2, nodes("i-1", "i-2"))
    assert ec2.ended == ["i-2"]


def raising(code: str) -> Callable[[], bool]:
    def step() -> bool:
        raise refusal(code)

    return step


def test_what_batch_refuses_in_the_middle_of_a_change_is_not_yet_done() -> None:
    assert batch._unless_changing(raising("ClientException")) is False
    with pytest.raises(ClientError, match="AccessDenied"):
        batch._unless_changing(raising("AccessDeniedException"))
