"""What every emulated service of the sandbox shares, and which services are more than moto's."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tideform.sandbox.clock import Clock
from tideform.sandbox.nodes.surroundings import Surroundings
from tideform.sandbox.timeline import Timeline

# moto's name of a service, and the modules whose ``install(world)`` changes moto's classes before it first serves.
SERVICES: dict[str, tuple[str, ...]] = {
    "batch": ("tideform.sandbox.batch.operations",),
}


@dataclass
class World:
    """Time, what happens by itself, and where job commands run.

    ``running`` are asked for what holds capacity (for the status; while there is any, the sandbox is not idle), and
    ``closers`` are called at the server's end.
    """

    clock: Clock
    timeline: Timeline
    surroundings: Surroundings
    running: list[Callable[[], list[dict[str, Any]]]] = field(default_factory=list)
    closers: list[Callable[[], None]] = field(default_factory=list)

    def jobs(self) -> list[dict[str, Any]]:
        """The commands that hold capacity: ``id``, ``name``, ``queue``, ``status``."""
        return [job for ask in self.running for job in ask()]

    def close(self) -> None:
        """End everything."""
        self.timeline.close()
        for close in self.closers:
            close()


def install(service: str, world: World) -> None:
    """Put what one service is here in the place of what moto has; before the service is first used."""
    for module in SERVICES.get(service, ()):
        importlib.import_module(module).install(world)
