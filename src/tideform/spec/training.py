"""``training:`` pools of capacity that stand at zero between bursts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tideform.spec.base import Model, Name
from tideform.spec.quantities import Count, Duration, Money, Size


class Accelerator(Model):
    """Which accelerator, and how many of them in the whole pool (``1..32``: from, and at most)."""

    name: str
    count: Count = Count(1, 1)
    memory: Size | None = None  # at least this much per accelerator


class Capacity(Model):
    """How the capacity is bought."""

    spot: Literal["prefer", "only", "never"] = "prefer"
    fallback: Literal["on_demand", "none"] = "on_demand"


class Checkpoint(Model):
    """How often a job saves what it has."""

    every: Duration = Duration.parse("10m")


class Job(Model):
    """What runs on the pool by default."""

    image: str
    command: tuple[str, ...]
    inputs: tuple[Name, ...] = ()  # names of stores
    outputs: tuple[Name, ...] = ()  # names of stores
    environment: dict[str, str] = {}
    secrets: dict[str, str] = {}  # variable: secret:NAME


class Pool(Model):
    """One training pool; its backend is a catalogue entry (`tideform.catalogue.training`)."""

    backend: str = "batch"
    accelerator: Accelerator | None = None
    instance_types: tuple[str, ...] = ()
    nodes: Count | None = None  # for pools given by instance types: how many, default 1..1
    capacity: Capacity = Capacity()
    lease: Duration = Field(default=Duration.parse("4h"))
    idle_timeout: Duration = Field(default=Duration.parse("20m"))
    max_cost: Money | None = None
    checkpoint: Checkpoint | None = None
    schedule: str | None = None
    between_bursts: Literal["keep", "remove"] = "keep"
    job: Job
