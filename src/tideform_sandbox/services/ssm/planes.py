"""The planes of the server, one for each account and region, and the news that they hear."""

from __future__ import annotations

import threading
from typing import Any

from tideform_sandbox.services.ssm.plane import Plane
from tideform_sandbox.world import World

_CHANGED = "EC2 Instance State-change Notification"
_ENDED = ("shutting-down", "terminated", "stopping", "stopped")
_WAITS = "EC2 Instance-terminate Lifecycle Action"


class Planes:
    """Makes a plane on first use."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._planes: dict[tuple[str, str], Plane] = {}
        self._lock = threading.Lock()
        world.running.append(self.running)
        world.closers.append(self.close)
        world.bus.deliver.append(self._heard)

    def of(self, account: str, region: str) -> Plane:
        """The plane of an account's region."""
        with self._lock:
            if (account, region) not in self._planes:
                self._planes[account, region] = Plane(self._world, account, region)
            return self._planes[account, region]

    def running(self) -> list[dict[str, Any]]:
        """The commands that run, for the status."""
        return [
            {"id": command.id, "name": command.given.get("Comment", ""), "queue": one.instance_id, "status": one.status}
            for plane in list(self._planes.values())
            for command, one in plane.running
        ]

    def close(self) -> None:
        """End all commands."""
        for plane in list(self._planes.values()):
            plane.close()

    def _heard(self, event: dict[str, Any]) -> None:
        """An instance has ended; or its end is near: on a node of a pool a watcher hears of that by itself."""
        plane, kind = self._planes.get((event["account"], event["region"])), event["detail-type"]
        if plane is None:
            return
        if kind == _WAITS:
            plane.warn(event["detail"]["EC2InstanceId"])
        elif kind == _CHANGED and event["detail"]["state"] in _ENDED:
            plane.ended(event["detail"]["instance-id"])
