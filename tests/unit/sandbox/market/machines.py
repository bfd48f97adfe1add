"""Machines in a sandbox, launched and looked at by plain boto3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tideform.cloud import Cloud
from tideform.local import client
from tideform.paths import Workspace

IMAGE = "ami-0ec50a11d3b25e1a4"


@dataclass
class Machines:
    """The EC2 of one sandbox, and its clock."""

    cloud: Cloud
    workspace: Workspace

    @property
    def ec2(self) -> Any:
        return self.cloud.client("ec2")

    def launch(self, kind: str = "g5.xlarge", *, spot: bool = False, zone: str = "us-east-1a", **more: Any) -> str:
        """Launch one machine; returns its id."""
        if spot:
            more["InstanceMarketOptions"] = {"MarketType": "spot"}
        answer = self.ec2.run_instances(
            ImageId=IMAGE, InstanceType=kind, MinCount=1, MaxCount=1, Placement={"AvailabilityZone": zone}, **more
        )
        return str(answer["Instances"][0]["InstanceId"])

    def end(self, *ids: str) -> None:
        self.ec2.terminate_instances(InstanceIds=list(ids))

    def see(self, instance_id: str) -> dict[str, Any]:
        """What EC2 says of a machine; empty once it is not described any more."""
        answer = self.ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": [instance_id]}])
        found: list[dict[str, Any]] = [one for r in answer["Reservations"] for one in r["Instances"]]
        return found[0] if found else {}

    def state(self, instance_id: str) -> str:
        return str(self.see(instance_id).get("State", {}).get("Name", "gone"))

    def advance(self, seconds: float) -> float:
        return client.advance_clock(self.workspace, seconds)

    def now(self) -> float:
        return float(client.clock(self.workspace)["now"])

    def script(self, **script: Any) -> dict[str, Any]:
        return client.market(self.workspace, script)
