"""Commands run for real on instances, write their log, and end with their node."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.waiting import lives, until
from tideform.cloud import Cloud
from tideform.local import client
from tideform.paths import Workspace

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


def test_a_script_that_ends_with_137_is_taken_for_one_whose_time_was_up(nodes: Nodes) -> None:
    ended = nodes.ended(nodes.send("exit 137"))
    assert (ended["Status"], ended["StatusDetails"], ended["ResponseCode"]) == ("TimedOut", "ExecutionTimedOut", 137)


def test_a_script_that_asks_for_a_reboot_has_failed_and_says_so(nodes: Nodes) -> None:
    ended = nodes.ended(nodes.send("exit 194"))
    assert (ended["Status"], "194 reboots the instance" in ended["StandardOutputContent"]) == ("Failed", True)


def test_a_job_that_ends_with_194_is_told_as_193(nodes: Nodes) -> None:
    assert nodes.ended(nodes.send("exec tideform-run sh -c 'exit 194'"))["ResponseCode"] == 193


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
    until(lambda: not lives(pid))


def test_a_script_that_is_cancelled_hears_nothing_of_it(nodes: Nodes) -> None:
    flag = nodes.workspace.root / "heard"
    command = nodes.send("echo $$", f"trap 'touch {flag}; exit' TERM", "while :; do sleep 0.1; done")
    pid = nodes.pid(command)
    nodes.ssm.cancel_command(CommandId=command)
    until(lambda: not lives(pid))
    assert not flag.exists()


def contained(nodes: Nodes, script: str) -> tuple[str, int]:
    """A command whose container runs the script, and that container's first process, which prints its number."""
    command = nodes.send(f"exec tideform-run sh -c {shlex.quote(f'echo $$; {script}')}")
    return command, nodes.pid(command)


@pytest.mark.parametrize("timeout", [False, True])
def test_a_container_outlives_its_command_until_it_has_saved_its_work(nodes: Nodes, timeout: bool) -> None:
    may = nodes.workspace.root / f"may-{timeout}"
    saves = f"trap 'until [ -e {may} ]; do sleep 0.1; done; exit 0' TERM; while :; do sleep 0.1; done"
    command, pid = contained(nodes, saves)
    if timeout:
        client.advance_clock(nodes.workspace, 3601)
    else:
        nodes.ssm.cancel_command(CommandId=command)
    ended = nodes.told(command)["Status"]
    still = lives(pid)
    may.touch()
    until(lambda: not lives(pid))
    assert (ended, still) == ("TimedOut" if timeout else "Cancelled", True)


def test_a_container_that_does_not_end_when_asked_is_killed_after_half_a_minute(nodes: Nodes) -> None:
    command, pid = contained(nodes, "trap '' TERM; while :; do sleep 0.1; done")
    nodes.ssm.cancel_command(CommandId=command)
    client.advance_clock(nodes.workspace, 29)
    still = lives(pid)
    client.advance_clock(nodes.workspace, 2)
    until(lambda: not lives(pid))
    assert still


def test_the_first_process_of_a_container_alone_is_asked_to_end(nodes: Nodes) -> None:
    flag = nodes.workspace.root / "asked"
    child = f"sh -c \"trap 'touch {flag}' TERM; while :; do sleep 0.1; done\""
    command, pid = contained(nodes, f"{child} & trap 'exit 0' TERM; while :; do sleep 0.1; done")
    nodes.ssm.cancel_command(CommandId=command)
    until(lambda: not lives(pid))
    assert not flag.exists()


def test_what_a_container_prints_after_its_command_has_ended_is_lost(nodes: Nodes) -> None:
    command, pid = contained(nodes, "trap 'echo last words; exit 0' TERM; while :; do sleep 0.1; done")
    nodes.ssm.cancel_command(CommandId=command)
    until(lambda: not lives(pid))
    assert nodes.lines(command) == [str(pid)]


def test_a_container_waits_for_what_a_cancelled_command_has_left_on_its_machine(nodes: Nodes) -> None:
    command, pid = contained(nodes, "trap '' TERM; while :; do sleep 0.1; done")
    nodes.ssm.cancel_command(CommandId=command)
    nodes.ended(elsewhere := nodes.send("exec tideform-run echo", nodes=2), 1)
    waits = nodes.told(elsewhere)["Status"]
    client.advance_clock(nodes.workspace, 31)
    assert (waits, nodes.ended(elsewhere)["Status"], lives(pid)) == ("InProgress", "Success", False)


def test_a_process_dies_with_its_instance_and_ssm_does_not_hear_of_it(nodes: Nodes) -> None:
    command = nodes.send("echo $$", "sleep 300")
    pid = nodes.pid(command)
    nodes.cloud.client("ec2").terminate_instances(InstanceIds=[nodes.ids[0]])
    until(lambda: not lives(pid))
    assert nodes.told(command)["Status"] == "InProgress"


def terminate(nodes: Nodes) -> None:
    nodes.cloud.client("ec2").terminate_instances(InstanceIds=nodes.ids[:1])


def test_a_container_may_save_its_work_while_its_instance_shuts_down(nodes: Nodes) -> None:
    saved = nodes.workspace.root / "saved"
    _, pid = contained(nodes, f"trap 'sleep 0.5; touch {saved}; exit 0' TERM; while :; do sleep 0.1; done")
    terminate(nodes)
    until(lambda: not lives(pid))
    assert saved.exists()


def test_a_container_that_does_not_end_while_its_instance_shuts_down_is_killed_after_half_a_minute(
    nodes: Nodes,
) -> None:
    _, pid = contained(nodes, "trap '' TERM; while :; do sleep 0.1; done")
    terminate(nodes)
    client.advance_clock(nodes.workspace, 29)
    still = lives(pid)
    client.advance_clock(nodes.workspace, 2)
    until(lambda: not lives(pid))
    assert still


def test_what_was_cancelled_gets_no_more_time_as_its_instance_shuts_down(nodes: Nodes) -> None:
    command, pid = contained(nodes, "trap '' TERM; while :; do sleep 0.1; done")
    nodes.ssm.cancel_command(CommandId=command)
    client.advance_clock(nodes.workspace, 20)
    terminate(nodes)
    client.advance_clock(nodes.workspace, 11)
    until(lambda: not lives(pid))


def test_a_container_hears_once_of_an_end_that_is_asked_for_twice(nodes: Nodes) -> None:
    heard = nodes.workspace.root / "heard-once"
    command, pid = contained(nodes, f"trap 'echo asked >> {heard}' TERM; while :; do sleep 0.1; done")
    nodes.ssm.cancel_command(CommandId=command)
    until(heard.exists)
    terminate(nodes)
    client.advance_clock(nodes.workspace, 31)
    until(lambda: not lives(pid))
    assert heard.read_text().split() == ["asked"]


@pytest.mark.parametrize("named", [True, False])
def test_on_an_instance_that_has_gone_nothing_is_cancelled(nodes: Nodes, named: bool) -> None:
    command = nodes.send("sleep 300", nodes=2)
    nodes.cloud.client("ec2").terminate_instances(InstanceIds=[nodes.ids[0]])
    with pytest.raises(ClientError, match="InvalidInstanceId"):
        nodes.ssm.cancel_command(CommandId=command, InstanceIds=nodes.ids if named else [])
    assert [nodes.told(command, n)["Status"] for n in range(2)] == ["InProgress", "InProgress"]


def test_on_those_that_stand_it_is_cancelled(nodes: Nodes) -> None:
    command = nodes.send("sleep 300", nodes=2)
    nodes.cloud.client("ec2").terminate_instances(InstanceIds=[nodes.ids[0]])
    nodes.ssm.cancel_command(CommandId=command, InstanceIds=nodes.ids[1:])
    assert nodes.ended(command, 1)["Status"] == "Cancelled"
    assert nodes.told(command)["Status"] == "InProgress"


def test_what_ran_on_an_instance_that_has_gone_expires_after_both_of_its_time_outs(nodes: Nodes) -> None:
    command = nodes.send("sleep 300", timeout=600)
    nodes.cloud.client("ec2").terminate_instances(InstanceIds=[nodes.ids[0]])
    client.advance_clock(nodes.workspace, 601)
    assert nodes.told(command)["Status"] == "InProgress"
    client.advance_clock(nodes.workspace, 3600)
    assert (nodes.told(command)["Status"], nodes.told(command)["StatusDetails"]) == ("TimedOut", "DeliveryTimedOut")


def test_an_instance_that_does_not_run_is_refused(nodes: Nodes) -> None:
    nodes.cloud.client("ec2").terminate_instances(InstanceIds=[nodes.ids[0]])
    with pytest.raises(ClientError, match="InvalidInstanceId"):
        nodes.send("true")


def test_running_instances_are_online(nodes: Nodes) -> None:
    filters = [{"Key": "InstanceIds", "Values": nodes.ids}]
    found = nodes.ssm.describe_instance_information(Filters=filters)["InstanceInformationList"]
    assert {one["InstanceId"]: one["PingStatus"] for one in found} == dict.fromkeys(nodes.ids, "Online")


@pytest.mark.parametrize(("after", "listed"), [(-60, True), (60, False)])
def test_commands_since_a_time_can_be_listed(nodes: Nodes, after: int, listed: bool) -> None:
    command = nodes.send("true")
    (told,) = nodes.ssm.list_commands(CommandId=command)["Commands"]
    when = (told["RequestedDateTime"] + timedelta(seconds=after)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = nodes.ssm.list_commands(Filters=[{"key": "InvokedAfter", "value": when}])["Commands"]
    assert (command in [one["CommandId"] for one in found]) is listed


def test_commands_in_progress_can_be_listed(nodes: Nodes) -> None:
    command = nodes.send("sleep 300")
    executing = [{"key": "ExecutionStage", "value": "Executing"}]
    ids = [one["CommandId"] for one in nodes.ssm.list_commands(Filters=executing)["Commands"]]
    assert command in ids
    nodes.ssm.cancel_command(CommandId=command)
    nodes.ended(command)
    ids = [one["CommandId"] for one in nodes.ssm.list_commands(Filters=executing)["Commands"]]
    assert command not in ids
