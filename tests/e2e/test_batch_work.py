"""Jobs of several nodes and sweeps on the backend ``batch``, from the spec to the last line of their logs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.e2e.workspaces import Workspace, applied, until
from tideform.local.client import market

pytestmark = pytest.mark.e2e

SPEC = """\
version: 1
project: many
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
training:
  gang:
    instance_types: [c5.large]
    nodes: 2
    zones: [a]
    lease: 30m
    job: {image: trainer, command: [python, train.py], nodes: 2}
  sweep:
    instance_types: [c5.large]
    nodes: 1..2
    lease: 30m
    job: &sweep
      image: trainer
      command: [sh, -c, 'echo "$RATE $SEED"; [ "$RATE$SEED" != 0.12 ]']
      sweep: {grid: {RATE: [0.1, 0.01], SEED: [1, 2]}}
  steady: {instance_types: [c5.large], lease: 30m, job: {image: trainer, command: [env]}}
  array:
    instance_types: [c5.large]
    nodes: 1..2
    lease: 30m
    job: {image: trainer, command: [sh, -c, 'echo "$RATE"'], sweep: {grid: {RATE: [1, 2, 3]}, at_once: 3}}
"""
# Each node tells the other its rank over the port that it was given; the first run of each waits to be interrupted.
TRAIN = """\
import os, pathlib, signal, socket, time
rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
address = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
mark = pathlib.Path("begun")
if rank == 0:
    server = socket.create_server(address)
    peer = server.accept()[0]
    print(f"met {peer.recv(1).decode()} of {size}", flush=True)
    if not mark.exists():
        mark.touch()
        peer.recv(1)
        print("alone", flush=True)
        signal.pause()
    peer.sendall(b"0")
else:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            peer = socket.create_connection(address)
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    peer.sendall(str(rank).encode())
    peer.recv(1)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("many")
    (folder / "train.py").write_text(TRAIN, encoding="utf-8")
    with applied(folder, SPEC) as made:
        yield made


def test_a_job_of_two_nodes_that_loses_one_begins_again_with_both(project: Workspace) -> None:
    """The node that is lost is not the main one: Batch itself would leave the other waiting for ever."""
    burst = project.start("burst", "run", "gang")
    burst.says("met 1 of 2")
    until((project.root / "begun").exists, "the first run to begin")
    batch, ec2 = project.cloud.client("batch"), project.cloud.client("ec2")
    (job,) = batch.list_jobs(jobQueue="many-dev-gang", jobStatus="RUNNING")["jobSummaryList"]
    (node,) = batch.describe_jobs(jobs=[f"{job['jobId']}#1"])["jobs"]
    ec2.terminate_instances(InstanceIds=[node["container"]["containerInstanceArn"]])
    assert burst.ended() == 0, burst.stderr
    assert "node 1 lost its machine; all nodes begin again" in burst.stdout
    assert burst.stdout.count("met 1 of 2") == 2
    assert project.instances() == []


def test_the_first_node_that_fails_ends_the_job_with_its_code_and_the_log_has_all_nodes(project: Workspace) -> None:
    script = 'echo "rank $RANK"; if [ "$RANK" = 1 ]; then echo "out of memory"; exit 9; fi; exec sleep 600'
    ran = project.run("burst", "run", "gang", "--", "sh", "-c", script)
    assert ran.returncode == 9, ran.stderr
    assert sorted(ran.stdout.splitlines()) == ["[0] rank 0", "[1] out of memory", "[1] rank 1"]
    assert project.run("logs", "gang").stdout.splitlines() == ["[0] rank 0", "[1] rank 1", "[1] out of memory"]
    assert project.instances() == []


def test_a_sweep_runs_every_combination_and_fails_with_the_first_that_does(project: Workspace) -> None:
    ran = project.run("burst", "run", "sweep")
    assert ran.returncode == 1, ran.stderr
    found = re.findall(r"^\[(\d)\] (\S+ \S+)$", ran.stdout, re.MULTILINE)
    assert sorted(found) == [("0", "0.1 1"), ("1", "0.1 2"), ("2", "0.01 1"), ("3", "0.01 2")]
    assert "3 of 4 jobs of the sweep succeeded" in ran.stdout
    assert "[1] RATE=0.1 SEED=2 ended with exit code 1" in ran.stdout
    assert project.instances() == []


def test_a_sweep_that_only_the_pool_bounds_is_an_array_job(project: Workspace) -> None:
    ran = project.run("burst", "run", "array")
    assert ran.returncode == 0, ran.stderr
    assert sorted(re.findall(r"^\[(\d)\] (\d)$", ran.stdout, re.MULTILINE)) == [("0", "1"), ("1", "2"), ("2", "3")]
    (job,) = project.cloud.client("batch").list_jobs(jobQueue="many-dev-array", jobStatus="SUCCEEDED")["jobSummaryList"]
    assert job["arrayProperties"]["size"] == 3


def test_a_burst_goes_down_the_ladder_where_the_spot_market_is_empty(project: Workspace) -> None:
    market(project.folder, {"lack": [{"types": "c5", "market": "spot"}]})
    told = project.run("burst", "run", "steady", "--json", "--", "true")
    market(project.folder, {"clear": True})
    assert told.returncode == 0, told.stderr


def test_a_quota_ends_the_ladder_and_is_the_reason(project: Workspace) -> None:
    market(project.folder, {"quota": [{"family": "standard", "limit": 0, "spot": True}]})
    ran = project.run("burst", "run", "steady", "--", "true")
    market(project.folder, {"clear": True})
    assert ran.returncode == 101
    assert "TD606" in ran.stderr
    assert "Ask AWS for a higher quota" in ran.stderr
    assert project.instances() == []
