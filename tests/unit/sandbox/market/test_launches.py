"""What the market refuses, and with which code."""

from __future__ import annotations

from datetime import UTC, datetime

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.unit.sandbox.market.machines import Machines
from tideform.errors import SandboxError
from tideform_sandbox.market.market import Throttle


def _code(machines: Machines, kind: str = "g5.xlarge", *, spot: bool = False, zone: str = "us-east-1a") -> str:
    try:
        machines.launch(kind, spot=spot, zone=zone)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "launched"


def test_a_type_that_lacks_in_a_zone_is_refused_there_alone(machines: Machines) -> None:
    machines.script(lack=[{"types": "g5", "zone": "us-east-1a"}])
    assert _code(machines) == "InsufficientInstanceCapacity"
    assert _code(machines, zone="us-east-1b") == "launched"
    assert _code(machines, "g6.xlarge") == "launched"


def test_spot_may_lack_while_on_demand_is_there(machines: Machines) -> None:
    machines.script(lack=[{"types": "g5.xlarge", "market": "spot"}])
    assert _code(machines, spot=True) == "InsufficientInstanceCapacity"
    assert _code(machines) == "launched"


def test_capacity_comes_back_when_the_script_says(machines: Machines) -> None:
    later = datetime.fromtimestamp(machines.now() + 1800, UTC)
    machines.script(lack=[{"types": "g5", "until": later.isoformat()}])
    machines.advance(1700)
    assert _code(machines) == "InsufficientInstanceCapacity"
    machines.advance(200)
    assert _code(machines) == "launched"


def test_a_time_of_day_is_the_next_one(machines: Machines) -> None:
    until = machines.script(lack=[{"types": "g5", "until": "10:00"}])["lacks"][0]["until"]
    assert datetime.fromtimestamp(until, UTC).strftime("%H:%M") == "10:00"
    assert 0 < until - machines.now() <= 86400


@pytest.mark.parametrize(("spot", "code"), [(False, "VcpuLimitExceeded"), (True, "MaxSpotInstanceCountExceeded")])
def test_a_quota_counts_the_vcpus_of_what_stands(machines: Machines, spot: bool, code: str) -> None:
    machines.script(quota=[{"family": "g5", "limit": 8, "spot": spot}])
    first = machines.launch(spot=spot)
    assert _code(machines, spot=not spot) == "launched"
    assert _code(machines, "g6.xlarge", spot=spot) == "launched"
    assert _code(machines, spot=spot) == code
    assert _code(machines, "m5.xlarge", spot=spot) == "launched"
    machines.end(first)
    assert _code(machines, spot=spot) == "launched"


def test_nonsense_is_refused(machines: Machines) -> None:
    with pytest.raises(SandboxError) as refused:
        machines.script(lack=[{"types": "g5", "market": "cheap"}])
    assert "cheap" in refused.value.diagnostics[0].detail


def test_the_next_calls_of_a_service_are_throttled(machines: Machines) -> None:
    ec2 = boto3.client(
        "ec2",
        region_name="us-east-1",
        endpoint_url=machines.cloud.credentials.endpoint if machines.cloud.credentials else None,
        aws_access_key_id=machines.cloud.credentials.access_key if machines.cloud.credentials else None,
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )
    machines.script(throttle={"calls": 2, "services": ["ec2"]})
    assert machines.cloud.client("s3").list_buckets()
    for _ in range(2):
        with pytest.raises(ClientError, match="RequestLimitExceeded"):
            ec2.describe_instances()
    assert ec2.describe_instances()


def test_a_call_may_be_refused_in_other_words_and_others_of_its_service_not(machines: Machines) -> None:
    dynamodb = machines.cloud.client("dynamodb")
    machines.script(throttle={"calls": 1, "operations": ["ListTables"], "error": "AccessDeniedException"})
    assert machines.cloud.client("s3").list_buckets()
    assert dynamodb.describe_limits()
    with pytest.raises(ClientError, match="AccessDeniedException"):
        dynamodb.list_tables()
    assert dynamodb.list_tables()


def test_a_share_of_calls_is_the_same_for_the_same_seed() -> None:
    first, second = (Throttle(share=0.3, seed=5) for _ in range(2))
    hits = [first.hits("ec2") for _ in range(100)]
    assert hits == [second.hits("ec2") for _ in range(100)]
    assert 10 < sum(hits) < 50
