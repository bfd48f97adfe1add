"""The bill of a real sandbox."""

from __future__ import annotations

import pytest

from tests.unit.sandbox.market.machines import Machines
from tideform.cloud import Cloud
from tideform.local import client
from tideform.paths import Workspace


def test_the_bill_tells_what_ran_on_demand_and_on_spot(cloud: Cloud, workspace: Workspace) -> None:
    machines = Machines(cloud, workspace)
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "tideform:unit", "Value": "pool"}]}]
    first, second = machines.launch(TagSpecifications=tags), machines.launch(spot=True, TagSpecifications=tags)
    machines.advance(3600)
    machines.end(first, second)
    machines.advance(7200)
    bill = client.bill(workspace)
    assert bill["total"] == pytest.approx(1.006 + 0.3521, rel=0.01)
    assert bill["pools"] == {"pool": pytest.approx(bill["total"])}
    assert {line["id"] for line in bill["machines"]} == {first, second}
    assert bill["machines"][0]["tags"]["tideform:unit"] == "pool"
