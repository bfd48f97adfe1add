"""Which log streams belong to one attempt of a job, and in which order its nodes come."""

from __future__ import annotations

from typing import Any, cast

from tideform.backends.training.batch.streams import of_batch
from tideform.backends.training.ec2.streams import of_command
from tideform.backends.training.sagemaker.streams import of_hosts
from tideform.burst.node_streams import Stream
from tideform.cloud import Cloud


class Told:
    """A service that tells what a test gave it; stands for the cloud, too."""

    def __init__(self, jobs: dict[str, Any] | None = None, instances: tuple[str, ...] = ()) -> None:
        self._jobs, self._instances = jobs or {}, instances

    def client(self, _service: str) -> Told:
        return self

    def list_commands(self, CommandId: str) -> dict[str, Any]:  # noqa: N803  # as boto3 calls it
        assert CommandId == "c1"
        return {"Commands": [{"InstanceIds": list(self._instances)}] if self._instances else []}

    def describe_jobs(self, jobs: list[str]) -> dict[str, Any]:
        return {"jobs": [{"jobId": one, **self._jobs[one]} for one in jobs if one in self._jobs]}


STREAMS = ["c1/i-a/aws-runShellScript/stdout", "c1/i-b/aws-runShellScript/stdout"]


def test_machines_have_the_ranks_in_which_the_command_was_sent_to_them() -> None:
    found = of_command(cast(Cloud, Told(instances=("i-b", "i-a"))), STREAMS)
    assert found == (Stream(STREAMS[1], 0), Stream(STREAMS[0], 1))


def test_a_command_that_ssm_no_longer_knows_is_shown_all_the_same() -> None:
    assert [one.name for one in of_command(cast(Cloud, Told()), STREAMS)] == STREAMS


def test_hosts_of_a_training_job_come_by_their_number() -> None:
    found = of_hosts([f"job/algo-{number}-160" for number in (10, 2, 1)])
    assert [one.name for one in found] == [f"job/algo-{number}-160" for number in (1, 2, 10)]


def test_a_job_of_one_node_has_a_stream_an_attempt_without_a_rank() -> None:
    job = {"attempts": [{"container": {"logStreamName": "first"}}], "container": {"logStreamName": "second"}}
    assert of_batch(cast(Cloud, Told({"j": job})), ["j"]) == [(Stream("first"),), (Stream("second"),)]


def test_an_attempt_of_several_nodes_has_the_stream_of_each() -> None:
    nodes = {f"j#{rank}": {"container": {"logStreamName": f"node {rank}"}} for rank in (0, 1)}
    told = Told({"j": {"nodeProperties": {"numNodes": 2}}, **nodes})
    assert of_batch(cast(Cloud, told), ["j"]) == [(Stream("node 0", 0), Stream("node 1", 1))]


def test_lines_of_several_nodes_are_told_apart() -> None:
    assert (Stream("one").line("loss"), Stream("one", 1).line("loss")) == ("loss", "[1] loss")
