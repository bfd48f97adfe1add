"""``training:`` pools of capacity that stand at zero between bursts."""

from __future__ import annotations

from math import prod
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, model_validator

from tideform.spec.base import DRAINS_FIRST, REPLACE, Model, Name, Text, Zone, about
from tideform.spec.quantities import Count, Duration, Money, Percent, Size

VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
Variable = Annotated[str, StringConstraints(pattern=VARIABLE_PATTERN)]


DEFAULT_BACKEND = "batch"
DISK_GIB = 100  # of a machine's root disk, where the spec says nothing
Parameter = str | int | float
Folder = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$", max_length=255)]
Reservation = Annotated[str, StringConstraints(pattern=r"^cr-[0-9a-f]{8,17}$")]
# A capacity block of EC2, or a training plan, which is what SageMaker calls one.
Block = Annotated[
    str,
    StringConstraints(
        pattern=r"^(cr-[0-9a-f]{8,17}|arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:[0-9]{12}:training-plan/[A-Za-z0-9-]{1,64})$"
    ),
]

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
    blocks: Annotated[
        tuple[Block, ...],
        about("Capacity blocks, or SageMaker's training plans by ARN, to use up before all else.", DRAINS_FIRST),
    ] = ()
    reservations: Annotated[
        tuple[Reservation, ...], about("On-demand capacity reservations to use up first.", DRAINS_FIRST)
    ] = ()

    @property
    def reserved(self) -> tuple[str, ...]:
        """Everything that is paid for whether it is used or not, in the order in which it is used up."""
        return (*self.blocks, *self.reservations)


class Checkpoint(Model):
    """How often a job saves what it has."""

    every: Annotated[Duration, about("The longest work that an interruption can cost.")] = Duration.parse("10m")


class Sweep(Model):
    """One job for every combination of parameters, each in variables of these names."""

    grid: Annotated[
        dict[Variable, Annotated[tuple[Parameter, ...], Field(min_length=1)]],
        about("The values of each parameter."),
        Field(min_length=1),
    ]
    at_once: Annotated[int, about("How many of the jobs may run at the same time."), Field(ge=1, le=10000)] = 1

    @property
    def size(self) -> int:
        """How many jobs the grid makes."""
        return prod(len(values) for values in self.grid.values())


def _or_text(schema: dict[str, Any]) -> None:
    """A schedule is mostly written as one text."""
    mapping = dict(schema)
    schema.clear()
    schema["anyOf"] = [{"type": "string"}, mapping]


class Schedule(Model):
    """When a job runs by itself: ``cron(0 2 * * ? *)`` or ``rate(1 day)``, or a mapping with a time zone."""

    model_config = ConfigDict(json_schema_extra=_or_text)

    cron: Annotated[str, about("Minutes, hours, day, month, weekday and year, such as 0 2 * * ? *.")]
    timezone: Annotated[str, about("The time zone that it counts in, such as Europe/Berlin.")] = "UTC"

    @model_validator(mode="before")
    @classmethod
    def _of_text(cls, given: Any) -> Any:
        return {"cron": given} if isinstance(given, str) else given

    @property
    def expression(self) -> str:
        """As EventBridge Scheduler takes it."""
        return self.cron if self.cron.startswith(("cron(", "rate(")) else f"cron({self.cron})"


class Trigger(Model):
    """What starts the pool's job by itself: an object that arrives in a store."""

    store: Annotated[Name, about("The store to watch.")]
    prefix: Annotated[str, about("Only objects whose keys begin so."), Field(max_length=512)] = ""


class Kubernetes(Model):
    """How a pool of the backend ``eks`` behaves in its cluster."""

    trainer: Annotated[Literal["jobset"], about("What runs jobs of several nodes.")] = "jobset"
    disruption_budget: Annotated[Percent, about("How many idle nodes may go at the same time.")] = Percent(100)


class Job(Model):
    """What runs on the pool by default."""

    image: Annotated[Text, about("The container image; by digest where it has to be the same tomorrow.")]
    build: Annotated[Folder | None, about("The folder with the Dockerfile that a burst builds the image from.")] = None
    code: Annotated[Folder | None, about("The folder that a burst packs and sends; the command runs in it.")] = None
    nodes: Annotated[int, about("How many machines work on it together."), Field(ge=1, le=512)] = 1
    sweep: Annotated[Sweep | None, about("One job for every combination of parameters.")] = None
    command: Annotated[tuple[str, ...], about("The command, as a list of words."), Field(min_length=1)]
    inputs: Annotated[tuple[Name, ...], about("Stores that it reads.")] = ()
    outputs: Annotated[tuple[Name, ...], about("Stores that it writes.")] = ()
    environment: Annotated[dict[Variable, str], about("Variables; no secrets.")] = {}
    secrets: Annotated[dict[Variable, str], about("Variables from secrets: NAME: secret:ID.")] = {}


class Pool(Model):
    """One training pool; its backend is a folder of `tideform.backends.training`."""

    model_config = ConfigDict(json_schema_extra={"oneOf": _ONE_OF})

    backend: Annotated[str, about("What brings the capacity.", REPLACE)] = DEFAULT_BACKEND
    accelerator: Annotated[Accelerator | None, about("The accelerators it needs; any machine that has them.")] = None
    instance_types: Annotated[tuple[str, ...], about("The machines to use, instead of accelerator.", DRAINS_FIRST)] = ()
    nodes: Annotated[Count | None, about("How many machines, with instance_types: 2, or 1..8.")] = None
    capacity: Annotated[Capacity, about("Spot, on-demand, or the one and then the other.", DRAINS_FIRST)] = Capacity()
    lease: Annotated[Duration, about("The longest that a burst may last; at most 7d.")] = Duration.parse("4h")
    idle_timeout: Annotated[Duration, about("How long it may stand idle.")] = Duration.parse("20m")
    max_cost: Annotated[Money | None, about("The most that one burst may cost.")] = None
    checkpoint: Annotated[Checkpoint | None, about("How often the job saves what it has.")] = None
    schedule: Annotated[
        Schedule | None, about("When the job runs by itself: cron(0 2 * * ? *), rate(1 day), or {cron, timezone}.")
    ] = None
    disk: Annotated[
        Size | None, about("The root disk of each machine; 100GiB where nothing is said.", DRAINS_FIRST)
    ] = None
    trigger: Annotated[Trigger | None, about("What else starts the job by itself.")] = None
    zones: Annotated[
        tuple[Zone, ...],
        about("The availability zones to use, by letter; by default all that the network has.", DRAINS_FIRST),
    ] = ()
    interconnect: Annotated[
        Literal["none", "efa"], about("efa: network adapters for jobs of several machines, in one group.", DRAINS_FIRST)
    ] = "none"
    keep_alive: Annotated[
        Duration | None, about("How long SageMaker keeps a machine warm after a job; it is paid for.")
    ] = None
    kubernetes: Annotated[Kubernetes | None, about("How the pool behaves in its cluster; backend eks only.")] = None
    between_bursts: Annotated[
        Literal["keep", "remove"], about("Whether the pool's definitions stay between bursts.", DRAINS_FIRST)
    ] = "keep"
    job: Annotated[Job, about("What runs on it.")]

    @property
    def disk_gib(self) -> int:
        """The size of each machine's root disk, in GiB."""
        return DISK_GIB if self.disk is None else self.disk.gib
