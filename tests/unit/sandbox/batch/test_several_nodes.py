"""Multi-node parallel jobs: a process for each node, together or not at all, and the main one decides."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.batch.conftest import GROUP, Pool
from tests.unit.sandbox.waiting import lives, until

RECLAIMED: dict[str, Any] = {
    "attempts": 3,
    "evaluateOnExit": [{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}],
}
_WAIT = "import signal; signal.pause()"


def submit(pool: Pool, code: str, nodes: int = 2, **settings: Any) -> str:
    container = {
        "image": "trainer",
        "command": ["python", "-c", code],
        "resourceRequirements": [{"type": "VCPU", "value": "4"}, {"type": "MEMORY", "value": "4096"}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": GROUP}},
    }
    ranges = [{"targetNodes": f"0:{nodes - 1}", "container": container}]
    submission = settings.pop("submission", {})
    name = f"gang-{pool.queue}-{id(code)}"
    definition = pool.batch.register_job_definition(
        jobDefinitionName=name,
        type="multinode",
        nodeProperties={"numNodes": nodes, "mainNode": 0, "nodeRangeProperties": ranges},
        **settings,
    )["jobDefinitionArn"]
    submitted = pool.batch.submit_job(jobName=name, jobQueue=pool.queue, jobDefinition=definition, **submission)
    return str(submitted["jobId"])


def node(pool: Pool, job: str, index: int) -> dict[str, Any]:
    return pool.job(f"{job}#{index}")


def output(pool: Pool, job: str, index: int) -> list[str]:
    return pool.lines(node(pool, job, index)["container"]["logStreamName"])


def host(pool: Pool, job: str, index: int) -> str:
    return str(until(lambda: node(pool, job, index).get("container", {}).get("containerInstanceArn")))


def test_each_node_is_told_its_place_and_where_the_main_one_is(pool: Pool) -> None:
    code = (
        "import os, socket, time\n"
        "place = int(os.environ['AWS_BATCH_JOB_NODE_INDEX'])\n"
        "port = int(os.environ['MASTER_PORT'])\n"
        "main = os.environ.get('AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS')\n"
        "print(place, os.environ['AWS_BATCH_JOB_NUM_NODES'], os.environ['AWS_BATCH_JOB_MAIN_NODE_INDEX'], main)\n"
        "if place == 0:\n"
        "    server = socket.create_server(('127.0.0.1', port))\n"
        "    print(server.accept()[0].recv(9).decode())\n"
        "else:\n"
        "    end = time.monotonic() + 20\n"
        "    while time.monotonic() < end:\n"
        "        try:\n"
        "            socket.create_connection((main, port)).sendall(b'gradients')\n"
        "            break\n"
        "        except ConnectionRefusedError: pass\n"
    )
    job = submit(pool, code)
    assert pool.ended(job)["status"] == "SUCCEEDED"
    assert output(pool, job, 0) == ["0 2 0 None", "gradients"]
    assert output(pool, job, 1) == ["1 2 0 127.0.0.1"]


def test_each_node_has_a_machine_of_its_own(pool: Pool) -> None:
    job = submit(pool, _WAIT)
    pool.running(job)
    assert len(pool.instances()) == 2
    assert host(pool, job, 0) != host(pool, job, 1)
    pool.batch.terminate_job(jobId=job, reason="enough")
    pool.ended(job)
    until(lambda: not pool.instances())


def test_the_gang_starts_together_or_not_at_all(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(maxvCpus=8)
    first = pool.python(_WAIT)
    pool.running(first)
    job = submit(pool, "pass")
    pool.advance(60)
    assert pool.job(job)["status"] == "RUNNABLE"
    assert len(pool.instances()) == 1
    pool.batch.terminate_job(jobId=first, reason="enough")
    assert pool.ended(job)["status"] == "SUCCEEDED"


def test_spot_machines_are_not_for_gangs(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(type="SPOT")
    job = submit(pool, "pass")
    until(lambda: "on-demand" in pool.job(job).get("statusReason", ""))
    assert not pool.instances()
    pool.batch.terminate_job(jobId=job, reason="enough")


@pytest.mark.parametrize(("main", "status"), [(0, "SUCCEEDED"), (3, "FAILED")])
def test_the_main_nodes_exit_decides_and_ends_the_others(pool: Pool, main: int, status: str) -> None:
    code = f"import os, signal, sys\nif os.environ['AWS_BATCH_JOB_NODE_INDEX'] == '0': sys.exit({main})\nsignal.pause()"
    job = submit(pool, code)
    assert pool.ended(job)["status"] == status
    assert node(pool, job, 0)["container"]["exitCode"] == main
    assert node(pool, job, 1)["status"] == "FAILED"
    until(lambda: not pool.instances())


def test_a_child_that_fails_leaves_the_others_to_themselves_as_on_aws(pool: Pool) -> None:
    code = (
        "import os, sys\n"
        "if os.environ['AWS_BATCH_JOB_NODE_INDEX'] == '1': sys.exit(7)\n"
        "open(os.environ['GO'], 'rb').read()"
    )
    gate = pool.workspace.root / f"go-{pool.queue}"
    os.mkfifo(gate)
    ranges = [{"targetNodes": "0:", "containerOverrides": {"environment": [{"name": "GO", "value": str(gate)}]}}]
    job = submit(pool, code, submission={"nodeOverrides": {"nodePropertyOverrides": ranges}})
    until(lambda: node(pool, job, 1)["status"] == "FAILED")
    assert pool.job(job)["status"] == "RUNNING"
    gate.write_bytes(b"go")
    assert pool.ended(job)["status"] == "SUCCEEDED"


def test_a_main_node_that_loses_its_machine_is_tried_again_with_all_others(pool: Pool) -> None:
    code = "import os, signal\nif os.environ['AWS_BATCH_JOB_ATTEMPT'] == '1': signal.pause()\n"
    job = submit(pool, code, retryStrategy=RECLAIMED)
    pool.running(job)
    pool.cloud.client("ec2").terminate_instances(InstanceIds=[host(pool, job, 0)])
    ended = pool.ended(job)
    assert (ended["status"], len(ended["attempts"])) == ("SUCCEEDED", 2)
    assert ended["attempts"][0]["statusReason"].startswith("Host EC2")
    assert len(node(pool, job, 1)["attempts"]) == 2


def test_terminating_the_job_ends_every_process_of_every_node(pool: Pool) -> None:
    code = (
        "import os, subprocess\n"
        "child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "print(os.getpid(), child.pid, flush=True)\n"
        "child.wait()"
    )
    job = submit(pool, code)
    pool.running(job)
    words = [until(lambda index=index: output(pool, job, index)) for index in (0, 1)]  # type: ignore[misc]
    pids = [int(pid) for lines in words for pid in lines[0].split()]
    pool.batch.terminate_job(jobId=job, reason="enough")
    assert pool.ended(job)["statusReason"] == "enough"
    until(lambda: not any(map(lives, pids)))


def test_the_timeout_is_the_whole_jobs(pool: Pool) -> None:
    job = submit(pool, _WAIT, timeout={"attemptDurationSeconds": 60}, retryStrategy=RECLAIMED)
    pool.running(job)
    pool.advance(61)
    ended = pool.ended(job)
    assert (ended["status"], len(ended["attempts"])) == ("FAILED", 1)
    assert "exceeded timeout" in ended["statusReason"]


def test_a_command_that_cannot_start_fails_the_job(pool: Pool) -> None:
    bad = [{"name": "TIDEFORM_WORKDIR", "value": "../.."}]
    ranges = [{"targetNodes": "0:", "containerOverrides": {"environment": bad}}]
    job = submit(pool, "pass", submission={"nodeOverrides": {"nodePropertyOverrides": ranges}})
    assert pool.ended(job)["status"] == "FAILED"
    until(lambda: not pool.instances())


def test_nodes_are_listed_under_their_job_and_read_back(pool: Pool) -> None:
    job = submit(pool, _WAIT)
    pool.running(job)
    listed = pool.batch.list_jobs(multiNodeJobId=job, jobStatus="RUNNING")["jobSummaryList"]
    assert sorted(one["nodeProperties"]["nodeIndex"] for one in listed) == [0, 1]
    assert [one["jobId"] for one in pool.batch.list_jobs(jobQueue=pool.queue)["jobSummaryList"]] == [job]
    definition = pool.job(job)["jobDefinition"]
    (read,) = pool.batch.describe_job_definitions(jobDefinitions=[definition])["jobDefinitions"]
    assert read["nodeProperties"]["numNodes"] == 2
    pool.batch.terminate_job(jobId=job, reason="enough")
    pool.ended(job)


@pytest.mark.parametrize(
    ("submission", "message"),
    [
        ({"arrayProperties": {"size": 2}}, "Array"),
        ({"containerOverrides": {"command": ["true"]}}, "nodeOverrides"),
    ],
)
def test_what_batch_refuses_of_gangs(pool: Pool, submission: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        submit(pool, "pass", submission=submission)


@pytest.mark.parametrize("container", [{"name": "AWS_BATCH_X", "value": "1"}, {"name": "X", "value": "a" * 25_000}])
def test_a_definition_that_batch_refuses_is_refused(pool: Pool, container: dict[str, str]) -> None:
    properties = {"image": "trainer", "command": ["true"], "environment": [container]}
    with pytest.raises(ClientError, match=r"AWS_BATCH|24 KiB"):
        pool.batch.register_job_definition(
            jobDefinitionName="refused", type="container", containerProperties=properties
        )
