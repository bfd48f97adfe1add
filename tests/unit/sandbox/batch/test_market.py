"""Batch on a market that does not have everything."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.unit.sandbox.batch.conftest import Pool
from tests.unit.sandbox.waiting import until
from tideform.local import client
from tideform.paths import Workspace

PoolOf = Callable[..., Pool]


@pytest.fixture(autouse=True)
def script(workspace: Workspace) -> Iterator[Callable[..., Any]]:
    yield lambda **script: client.market(workspace, script)
    client.market(workspace, {"clear": True})


def _environment(pool: Pool) -> dict[str, Any]:
    answer = pool.batch.describe_compute_environments(computeEnvironments=[pool.environment])
    found: dict[str, Any] = answer["computeEnvironments"][0]
    return found


def test_another_type_is_taken_where_one_lacks(pool: Pool, script: Callable[..., Any]) -> None:
    script(lack=[{"types": "g5.xlarge"}])
    job = pool.python("print('hello')")
    assert pool.ended(job)["status"] == "SUCCEEDED"


def test_another_zone_is_taken_where_one_lacks(
    pool_of: PoolOf, ground: dict[str, Any], script: Callable[..., Any]
) -> None:
    ec2 = pool_of().cloud.client("ec2")
    vpc = ec2.describe_subnets(SubnetIds=ground["subnets"])["Subnets"][0]["VpcId"]
    other = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.32.0/20", AvailabilityZone="us-east-1b")["Subnet"]["SubnetId"]
    script(lack=[{"types": "g5", "zone": "us-east-1a"}])
    pool = pool_of(subnets=[*ground["subnets"], other])
    assert pool.ended(pool.python("print('hello')"))["status"] == "SUCCEEDED"


def test_what_lacks_is_told_and_the_job_runs_once_it_is_there(pool: Pool, script: Callable[..., Any]) -> None:
    until_then = float(client.clock(pool.workspace)["now"]) + 3600
    script(lack=[{"types": "g5", "until": until_then}])
    job = pool.python("print('hello')")
    until(lambda: "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY" in pool.job(job).get("statusReason", ""))
    assert _environment(pool)["status"] == "VALID"
    assert "INSUFFICIENT_INSTANCE_CAPACITY" in _environment(pool)["statusReason"]
    pool.advance(3700)
    assert pool.ended(job)["status"] == "SUCCEEDED"
    assert _environment(pool)["statusReason"] == "ComputeEnvironment Healthy"


def test_a_quota_is_told_by_its_code(pool: Pool, script: Callable[..., Any]) -> None:
    script(quota=[{"family": "g", "limit": 0}])
    job = pool.python("print('hello')")
    until(lambda: pool.job(job).get("statusReason", "").startswith("VcpuLimitExceeded"))
    assert "VcpuLimitExceeded" in _environment(pool)["statusReason"]


def test_a_job_waits_for_an_instance_that_starts_slowly(pool: Pool, script: Callable[..., Any]) -> None:
    script(slow=[{"types": "g5", "seconds": 600}])
    job = pool.python("print('hello')")
    until(pool.instances)
    assert pool.job(job)["status"] == "RUNNABLE"
    assert len(pool.instances()) == 1
    pool.advance(610)
    assert pool.ended(job)["status"] == "SUCCEEDED"


def test_a_job_that_is_cancelled_while_its_instance_starts_lets_it_go(pool: Pool, script: Callable[..., Any]) -> None:
    script(slow=[{"types": "g5", "seconds": 600}])
    job = pool.python("print('hello')")
    until(pool.instances)
    pool.batch.cancel_job(jobId=job, reason="changed our mind")
    pool.advance(1)
    assert until(lambda: not pool.instances())


def test_a_reclaimed_instance_warns_its_job_and_ends_it(pool_of: PoolOf, script: Callable[..., Any]) -> None:
    pool = pool_of(type="SPOT")
    code = """
import json, os, time, urllib.error, urllib.request
base = os.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"] + "latest/"
put = urllib.request.Request(
    base + "api/token", method="PUT", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"})
token = urllib.request.urlopen(put).read().decode()
ask = urllib.request.Request(
    base + "meta-data/spot/instance-action", headers={"X-aws-ec2-metadata-token": token})
print("up")
while True:
    try:
        print("told", urllib.request.urlopen(ask).read().decode())
        break
    except urllib.error.HTTPError:
        time.sleep(0.05)
time.sleep(600)
"""
    job = pool.python(code)
    stream = pool.running(job)["container"]["logStreamName"]
    until(lambda: "up" in pool.lines(stream))
    script(reclaim=[{"instance": pool.instances()[0]["InstanceId"]}])
    told = until(lambda: [line for line in pool.lines(stream) if line.startswith("told")])
    assert json.loads(told[0].removeprefix("told "))["action"] == "terminate"
    pool.advance(130)
    assert pool.ended(job)["status"] == "FAILED"
    assert "terminated" in pool.job(job)["statusReason"]


def test_jobs_tell_what_becomes_of_them(pool: Pool) -> None:
    events, sqs = pool.cloud.client("events"), pool.cloud.client("sqs")
    address = sqs.create_queue(QueueName="told")["QueueUrl"]
    pattern = {"source": ["aws.batch"], "detail": {"status": ["SUCCEEDED", "FAILED"]}}
    events.put_rule(Name="ends", EventPattern=json.dumps(pattern))
    arn = sqs.get_queue_attributes(QueueUrl=address, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_targets(Rule="ends", Targets=[{"Id": "1", "Arn": arn, "InputPath": "$.detail"}])
    job = pool.python("print('hello')")
    begun = time.monotonic()
    while not (found := sqs.receive_message(QueueUrl=address).get("Messages")):
        assert time.monotonic() - begun < 30
    detail = json.loads(found[0]["Body"])
    assert (detail["jobId"], detail["status"]) == (job, "SUCCEEDED")
