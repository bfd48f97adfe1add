"""The control planes of the server, one for each account and region that somebody uses."""

from __future__ import annotations

import threading
from typing import Any

from tideform_sandbox.clock import Clock
from tideform_sandbox.services.batch.plane import Plane
from tideform_sandbox.world import World


class Planes:
    """Makes a plane on first use; knows which exist."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._planes: dict[tuple[str, str], Plane] = {}
        self._lock = threading.Lock()
        world.market.listeners.append(self._more_to_be_had)

    @property
    def clock(self) -> Clock:
        return self._world.clock

    def of(self, account: str, region: str) -> Plane:
        """The plane of an account's region."""
        from moto.batch.models import batch_backends

        with self._lock:
            if (account, region) not in self._planes:
                backend = batch_backends[account][region]
                self._planes[account, region] = Plane(backend, self._world)
            return self._planes[account, region]

    def existing(self, account: str, region: str) -> Plane | None:
        """The plane of an account's region if there is one."""
        return self._planes.get((account, region))

    def running(self) -> list[dict[str, Any]]:
        """The jobs that hold capacity, for the status."""
        return [
            {"id": job.id, "name": job.name, "queue": job.queue.rpartition("/")[2], "status": job.status}
            for plane in list(self._planes.values())
            for job in plane.running
        ]

    def close(self) -> None:
        """End all jobs."""
        for plane in list(self._planes.values()):
            plane.close()

    def _more_to_be_had(self) -> None:
        for plane in list(self._planes.values()):
            plane.changed()
