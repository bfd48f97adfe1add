"""Commands run for real on instances, write their log, and end with their node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.waiting import lives, until
from tideform.cloud import Cloud
from tideform.paths import Workspace
from tideform.sandbox import client

GROUP = "/tideform/jobs"
IMAGE = "ami-0ec50a11d3b25e1a4"


@dataclass
class Nodes:
    """Two instances and what is run on them."""

    cloud: Cloud
    workspace: Workspace
    ids: list[str]

    @property
    def ssm(self) -> Any:
        return self.cloud.client("ssm")

    def send(self, *lines: str, nodes: int = 1, timeout: int = 3600) -> str:
        sent = self.ssm.send_command(
            InstanceIds=self.ids[:nodes],
            DocumentName="AWS-RunShellScript",
            Parameters={"commands": list(lines), "executionTimeout": [str(timeout)]},
            CloudWatchOutputConfig={"CloudWatchOutputEnabled": True, "CloudWatchLogGroupName": GROUP},
        )
        return str(sent["Command"]["CommandId"])

    def told(self, command: str, node: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = self.ssm.get_command_invocation(CommandId=command, InstanceId=self.ids[node])
        return found

    def ended(self, command: str, node: int = 0) -> dict[str, Any]:
        until(lambda: self.told(command, node)["Status"] not in ("Pending", "InProgress", "Cancelling"))
        return self.told(command, node)

    def lines(self, command: str, node: int = 0) -> list[str]:
        stream = f"{command}/{self.ids[node]}/aws-runShellScript/stdout"
        events = self.cloud.client("logs").get_log_events(logGroupName=GROUP, logStreamName=stream)["events"]
        return [event["message"] for event in events]

    def pid(self, command: str) -> int:
        """What a command prints first."""
        until(lambda: self.told(command)["StandardOutputContent"])
        return int(self.told(command)["StandardOutputContent"].split()[0])


@pytest.fixture
def nodes(cloud: Cloud, workspace: Workspace) -> Nodes:
    made = cloud.client("ec2").run_instances(ImageId=IMAGE, InstanceType="c5.large", MinCount=2, MaxCount=2)
    return Nodes(cloud, workspace, [instance["InstanceId"] for instance in made["Instances"]])


def test_a_command_tells_its_output_and_exit_code(nodes: Nodes) -> None:
    ended = nodes.ended(nodes.send("echo one", "echo two", "exit 7"))
    assert (ended["Status"], ended["ResponseCode"]) == ("Failed", 7)
    assert ended["StandardOutputContent"] == "one\ntwo"


def test_each_node_has_a_log_stream_and_knows_itself(nodes: Nodes) -> None:
    command = nodes.send("echo $AWS_SSM_INSTANCE_ID", nodes=2)
    assert [nodes.ended(command, n)["Status"] for n in range(2)] == ["Success", "Success"]
    assert [nodes.lines(command, n) for n in range(2)] == [[nodes.ids[0]], [nodes.ids[1]]]


def test_the_nodes_of_one_command_meet_at_one_free_port(nodes: Nodes) -> None:
    command = nodes.send("echo $TIDEFORM_MASTER_ADDR:$TIDEFORM_MASTER_PORT", nodes=2)
    first, second = (nodes.ended(command, n)["StandardOutputContent"] for n in range(2))
    assert first == second
    assert first.startswith("127.0.0.1:")


def test_the_nodes_own_runner_runs_a_command_as_it_is(nodes: Nodes) -> None:
    assert nodes.ended(nodes.send("exec tideform-run echo hello"))["StandardOutputContent"] == "hello"


def test_cancelling_ends_the_process(nodes: Nodes) -> None:
    command = nodes.send("echo $$", "sleep 300")
    pid = nodes.pid(command)
    nodes.ssm.cancel_command(CommandId=command)
    assert nodes.ended(command)["Status"] == "Cancelled"
    until(lambda: not lives(pid))


def test_the_time_that_is_up_ends_the_process(nodes: Nodes) -> None:
    command = nodes.send("echo $$", "trap '' TERM", "while :; do sleep 1; done", timeout=600)
    pid = nodes.pid(command)
    client.advance_clock(nodes.workspace, 601)
    assert (nodes.told(command)["Status"], nodes.told(command)["StatusDetails"]) == ("TimedOut", "ExecutionTimedOut")
    client.advance_clock(nodes.workspace, 60)
    until(lambda: not lives(pid))


def test_a_process_dies_with_its_instance_and_ssm_does_not_hear_of_it(nodes: Nodes) -> None:
    command = nodes.send("echo $$", "sleep 300")
    pid = nodes.pid(command)
    nodes.cloud.client("ec2").terminate_instances(InstanceIds=[nodes.ids[0]])
    until(lambda: not lives(pid))
    assert nodes.told(command)["Status"] == "InProgress"
    nodes.ssm.cancel_command(CommandId=command)
    assert nodes.told(command)["Status"] == "Cancelled"


def test_an_instance_that_does_not_run_is_refused(nodes: Nodes) -> None:
    nodes.cloud.client("ec2").terminate_instances(InstanceIds=[nodes.ids[0]])
    with pytest.raises(ClientError, match="InvalidInstanceId"):
        nodes.send("true")


def test_running_instances_are_online(nodes: Nodes) -> None:
    filters = [{"Key": "InstanceIds", "Values": nodes.ids}]
    found = nodes.ssm.describe_instance_information(Filters=filters)["InstanceInformationList"]
    assert {one["InstanceId"]: one["PingStatus"] for one in found} == dict.fromkeys(nodes.ids, "Online")


def test_commands_in_progress_can_be_listed(nodes: Nodes) -> None:
    command = nodes.send("sleep 300")
    executing = [{"key": "ExecutionStage", "value": "Executing"}]
    ids = [one["CommandId"] for one in nodes.ssm.list_commands(Filters=executing)["Commands"]]
    assert command in ids
    nodes.ssm.cancel_command(CommandId=command)
    nodes.ended(command)
    ids = [one["CommandId"] for one in nodes.ssm.list_commands(Filters=executing)["Commands"]]
    assert command not in ids
