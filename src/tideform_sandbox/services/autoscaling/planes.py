"""The planes of the server, one for each account and region that has groups, and the news from EC2 that they hear."""

from __future__ import annotations

import threading
from typing import Any

from tideform_sandbox.services.autoscaling.plane import Plane
from tideform_sandbox.world import World


class Planes:
    """Makes a plane on first use."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._planes: dict[tuple[str, str], Plane] = {}
        self._lock = threading.Lock()
        world.bus.deliver.append(self._heard)
        world.market.listeners.append(self._more_to_be_had)

    def of(self, account: str, region: str) -> Plane:
        """The plane of an account's region."""
        from moto.ec2.models import ec2_backends

        with self._lock:
            if (account, region) not in self._planes:
                self._planes[account, region] = Plane(self._world, ec2_backends[account][region])
            return self._planes[account, region]

    def _heard(self, event: dict[str, Any]) -> None:
        """An instance runs now, has ended, or is better replaced."""
        plane = self._planes.get((event["account"], event["region"]))
        if plane is None or event["source"] != "aws.ec2":
            return
        if event["detail-type"] == "EC2 Instance Rebalance Recommendation":
            plane.rebalance([event["detail"]["instance-id"]])
        else:
            plane.changed()

    def _more_to_be_had(self) -> None:
        for plane in list(self._planes.values()):
            plane.try_again()
