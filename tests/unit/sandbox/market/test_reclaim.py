"""Spot instances that are taken back, as the jobs on them and the API see it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime

import pytest

from tests.unit.sandbox.market.machines import Machines
from tideform.errors import SandboxError
from tideform.local.metadata import address


def _get(endpoint: str, path: str) -> str | None:
    """What the metadata service says, asked as IMDSv2; None if it knows nothing."""
    put = urllib.request.Request(
        f"{endpoint}latest/api/token", method="PUT", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    )
    with urllib.request.urlopen(put) as answer:
        token = answer.read().decode()
    request = urllib.request.Request(f"{endpoint}latest/meta-data/{path}", headers={"X-aws-ec2-metadata-token": token})
    try:
        with urllib.request.urlopen(request) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        error.close()
        assert error.code == 404
        return None


def _endpoint(machines: Machines, instance: str) -> str:
    assert machines.cloud.credentials is not None
    return address(machines.cloud.credentials, instance)


def test_a_reclaimed_instance_ends_two_minutes_after_it_was_told(machines: Machines) -> None:
    instance = machines.launch(spot=True)
    machines.script(reclaim=[{"instance": instance}])
    machines.advance(110)
    assert machines.state(instance) == "running"
    machines.advance(20)
    seen = machines.see(instance)
    assert seen["State"]["Name"] == "terminated"
    assert seen["StateReason"]["Code"] == "Server.SpotInstanceTermination"
    assert seen["StateTransitionReason"].startswith("Service initiated (")


def test_a_job_hears_of_it_from_the_metadata_service(machines: Machines) -> None:
    instance = machines.launch(spot=True)
    endpoint = _endpoint(machines, instance)
    assert _get(endpoint, "spot/instance-action") is None
    machines.script(reclaim=[{"instance": instance}])
    told = json.loads(_get(endpoint, "spot/instance-action") or "{}")
    at = datetime.strptime(told["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    assert told["action"] == "terminate"
    assert at == pytest.approx(machines.now() + 120, abs=30)
    assert _get(endpoint, "events/recommendations/rebalance")


def test_the_metadata_service_says_where_the_machine_is(machines: Machines) -> None:
    instance = machines.launch(spot=True, zone="us-east-1c")
    endpoint = _endpoint(machines, instance)
    assert _get(endpoint, "instance-id") == instance
    assert _get(endpoint, "placement/availability-zone") == "us-east-1c"
    assert _get(endpoint, "instance-life-cycle") == "spot"


@pytest.mark.parametrize("path", ["", "latest/meta-data/instance-id"])
def test_nobody_without_its_address_and_a_token_learns_anything(machines: Machines, path: str) -> None:
    endpoint = _endpoint(machines, machines.launch())
    foreign = endpoint.rpartition("/")[0][:-4] + "0000/"
    for tried in (f"{endpoint}{path}", f"{foreign}{path}"):
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(tried)
        error.value.close()
        assert error.value.code in (401, 404)


def test_on_demand_instances_are_not_taken_back(machines: Machines) -> None:
    with pytest.raises(SandboxError) as refused:
        machines.script(reclaim=[{"instance": machines.launch()}])
    assert "no spot instance" in refused.value.diagnostics[0].detail


def test_spot_prices_are_about_a_third_of_the_list_and_differ_between_zones(machines: Machines) -> None:
    answer = machines.ec2.describe_spot_price_history(InstanceTypes=["g5.xlarge"], ProductDescriptions=["Linux/UNIX"])[
        "SpotPriceHistory"
    ]
    prices = {row["AvailabilityZone"]: float(row["SpotPrice"]) for row in answer}
    assert prices["us-east-1a"] == pytest.approx(0.35 * 1.006, abs=1e-4)
    assert len(set(prices.values())) > 1
    assert all(price == pytest.approx(0.352, rel=0.05) for price in prices.values())
