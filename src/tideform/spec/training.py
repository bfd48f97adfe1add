"""``training:`` pools of capacity that stand at zero between bursts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue, StringConstraints

from tideform.spec.base import DRAINS_FIRST, REPLACE, Model, Name, about
from tideform.spec.quantities import Count, Duration, Money, Size

Text = Annotated[str, StringConstraints(min_length=1, max_length=255)]
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
Variable = Annotated[str, StringConstraints(pattern=VARIABLE_PATTERN)]


# A pool says in one of two ways which machines it takes; `validate` says it in words.
_ONE_OF: list[JsonValue] = [{"required": ["accelerator"]}, {"required": ["instance_types"]}]


class Accelerator(Model):
    """Which accelerator, and how many of them in the whole pool (``1..32``: from, and at most)."""

    name: Annotated[str, about("The accelerator's name, such as A10G.", DRAINS_FIRST)]
    count: Annotated[Count, about("How many in the whole pool: 4, or 1..32.")] = Count(1, 1)
    memory: Annotated[Size | None, about("At least this much per accelerator.", DRAINS_FIRST)] = None


class Capacity(Model):
    """How the capacity is bought."""

    spot: Annotated[Literal["prefer", "only", "never"], about("Whether to use spot capacity.", DRAINS_FIRST)] = "prefer"
    fallback: Annotated[
        Literal["on_demand", "none"], about("What to do where there is no spot capacity.", DRAINS_FIRST)
    ] = "on_demand"


class Checkpoint(Model):
    """How often a job saves what it has."""

    every: Annotated[Duration, about("The longest work that an interruption can cost.")] = Duration.parse("10m")


class Job(Model):
    """What runs on the pool by default."""

    image: Annotated[Text, about("The container image.")]
    command: Annotated[tuple[str, ...], about("The command, as a list of words."), Field(min_length=1)]
    inputs: Annotated[tuple[Name, ...], about("Stores that it reads.")] = ()
    outputs: Annotated[tuple[Name, ...], about("Stores that it writes.")] = ()
    environment: Annotated[dict[Variable, str], about("Variables; no secrets.")] = {}
    secrets: Annotated[dict[Variable, str], about("Variables from secrets: NAME: secret:ID.")] = {}


class Pool(Model):
    """One training pool; its backend is a catalogue entry (`tideform.catalogue.training`)."""

    model_config = ConfigDict(json_schema_extra={"oneOf": _ONE_OF})

    backend: Annotated[str, about("What brings the capacity.", REPLACE)] = "batch"
    accelerator: Annotated[Accelerator | None, about("The accelerators it needs; any machine that has them.")] = None
    instance_types: Annotated[tuple[str, ...], about("The machines to use, instead of accelerator.", DRAINS_FIRST)] = ()
    nodes: Annotated[Count | None, about("How many machines, with instance_types: 2, or 1..8.")] = None
    capacity: Annotated[Capacity, about("Spot, on-demand, or the one and then the other.", DRAINS_FIRST)] = Capacity()
    lease: Annotated[Duration, about("The longest that a burst may last; at most 7d.")] = Duration.parse("4h")
    idle_timeout: Annotated[Duration, about("How long it may stand idle.")] = Duration.parse("20m")
    max_cost: Annotated[Money | None, about("The most that one burst may cost.")] = None
    checkpoint: Annotated[Checkpoint | None, about("How often the job saves what it has.")] = None
    schedule: Annotated[str | None, about("When the job runs by itself: cron(0 2 * * ? *) or rate(1 day).")] = None
    between_bursts: Annotated[
        Literal["keep", "remove"], about("Whether the pool's definitions stay between bursts.", DRAINS_FIRST)
    ] = "keep"
    job: Annotated[Job, about("What runs on it.")]
