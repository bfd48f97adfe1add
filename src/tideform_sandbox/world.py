"""What every emulated service of the sandbox shares, and which services are more than moto's."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tideform.cloud import Cloud, Credentials
from tideform_sandbox.bill.ledger import Ledger, Price
from tideform_sandbox.clock import Clock
from tideform_sandbox.market.market import Market
from tideform_sandbox.nodes.surroundings import Surroundings
from tideform_sandbox.services.events.bus import Bus
from tideform_sandbox.timeline import Timeline

_INSTANCES = "tideform_sandbox.market.instances"

# moto's name of a service, and the modules whose ``install(world)`` changes moto's classes before it first serves.
# A module that several services need stands in each row; it is installed once.
SERVICES: dict[str, tuple[str, ...]] = {
    "ec2": (_INSTANCES,),
    "cloudwatch": ("tideform_sandbox.services.cloudwatch.alarms",),
    "events": ("tideform_sandbox.services.events.rules", "tideform_sandbox.services.events.scheduled_rules"),
    "scheduler": ("tideform_sandbox.services.scheduler.scheduler",),
    "autoscaling": (_INSTANCES, "tideform_sandbox.services.autoscaling.operations"),
    "awslambda": ("tideform_sandbox.services.awslambda.operations",),
    "batch": (_INSTANCES, "tideform_sandbox.services.batch.operations"),
    "eks": ("tideform_sandbox.services.eks.operations",),
    "sagemaker": (_INSTANCES, "tideform_sandbox.services.sagemaker.training.operations"),
    "ssm": (_INSTANCES, "tideform_sandbox.services.ssm.operations"),
}


BRAKES = ("batch-job-time-out", "sagemaker-maximum-run-time")


@dataclass
class World:
    """Time, what happens by itself, what can be had at which price, and where job commands run.

    ``inner`` are the keys of the sandbox's own calls to itself (schedules, functions): they do not keep it alive.
    ``list_price`` gives an instance type's on-demand price, USD an hour; ``ml.`` types are its types as well.
    ``broken`` are brakes of AWS's own that are left out, so that a test has another one alone (`BRAKES`).
    ``running`` are asked for what holds capacity (for the status; while there is any, the sandbox is not idle), and
    ``closers`` are called at the server's end.
    """

    clock: Clock
    timeline: Timeline
    surroundings: Surroundings
    inner: Credentials
    list_price: Price
    market: Market
    bus: Bus
    ledger: Ledger
    running: list[Callable[[], list[dict[str, Any]]]] = field(default_factory=list)
    closers: list[Callable[[], None]] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    installed: set[str] = field(default_factory=set)
    _clouds: dict[str, Cloud] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def client(self, service: str, region: str) -> Any:
        """A boto3 client of the sandbox itself, for what it does on behalf of schedules, rules and alarms."""
        with self._lock:
            cloud = self._clouds.setdefault(region, Cloud(region, "", credentials=self.inner))
        return cloud.client(service)

    def switch(self, brake: str, *, broken: bool) -> None:
        """Leave one of `BRAKES` out, or no longer. Raises `ValueError` for another."""
        if brake not in BRAKES:
            raise ValueError(f"no such brake: {brake}; there are {', '.join(BRAKES)}")
        (self.broken.add if broken else self.broken.discard)(brake)

    def jobs(self) -> list[dict[str, Any]]:
        """The commands that hold capacity: ``id``, ``name``, ``queue``, ``status``."""
        return [job for ask in self.running for job in ask()]

    def close(self) -> None:
        """End everything."""
        self.timeline.close()
        for close in self.closers:
            close()


def create(surroundings: Surroundings, inner: Credentials, list_price: Price) -> World:
    """A world at the machine's time, in which everything can be had."""
    clock = Clock()
    timeline = Timeline(clock)
    return World(clock, timeline, surroundings, inner, list_price, Market(_vcpus), Bus(timeline), Ledger(clock))


def install(service: str, world: World) -> None:
    """Put what one service is here in the place of what moto has; before the service is first used."""
    for module in SERVICES.get(service, ()):
        if module not in world.installed:
            world.installed.add(module)
            importlib.import_module(module).install(world)


def _vcpus(instance_type: str) -> int:
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    return int(INSTANCE_TYPES[instance_type]["VCpuInfo"]["DefaultVCpus"])
