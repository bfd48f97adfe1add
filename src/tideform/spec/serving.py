"""``serving:`` endpoints."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from tideform.spec.base import IN_PLACE, REPLACE, Model, Name, Text, about
from tideform.spec.quantities import Duration, Percent

VERSION_PATTERN = r"^([1-9][0-9]*|latest|approved)$"
_Version = Annotated[str, StringConstraints(pattern=VERSION_PATTERN)]
# A number may be written as one.
Version = Annotated[
    _Version,
    BeforeValidator(
        lambda given: str(given) if type(given) is int else given,
        json_schema_input_type=_Version | Annotated[int, Field(ge=1)],
    ),
]

Mode = Literal["realtime"]  # a backend that serves otherwise adds its word


class ModelRef(Model):
    """Which model: a store of kind ``models`` and a version in it (a number, ``latest`` or ``approved``)."""

    from_: Annotated[Name, about("The store of kind models.")] = Field(alias="from")
    version: Annotated[Version, about("A number, latest or approved.")] = "approved"
    image: Annotated[Text | None, about("The inference container; by default the backend's own.")] = None


class Scale(Model):
    """Between how many instances, and what they are scaled by."""

    min: Annotated[int, about("At least this many instances."), Field(ge=0, le=1000)] = 1
    max: Annotated[int, about("At most this many instances."), Field(ge=1, le=1000)] = 1
    target_invocations: Annotated[int | None, about("The calls per minute and instance to scale by."), Field(ge=1)] = (
        None
    )


class Rollout(Model):
    """How a new version takes over."""

    canary: Annotated[Percent | None, about("The share of traffic that a new version gets first.")] = None
    bake: Annotated[Duration, about("How long it has to do well before it gets the rest.")] = Duration.parse("10m")
    shadow: Annotated[Name | None, about("The model version alias that sees a copy of the traffic.")] = None


class Capture(Model):
    """How much of the traffic is recorded."""

    sample: Annotated[Percent, about("The share of calls that is recorded.")] = Percent(100)


class Endpoint(Model):
    """One endpoint; its backend is a folder of `tideform.backends.serving`."""

    backend: Annotated[str, about("What serves the model.", REPLACE)] = "sagemaker"
    mode: Annotated[Mode, about("How it is called.", REPLACE)] = "realtime"
    model: Annotated[ModelRef, about("Which model it serves.")]
    instance_type: Annotated[str, about("The machine; changed by a rolling update.", IN_PLACE)] = "ml.m5.large"
    scale: Annotated[Scale, about("Between how many instances.")] = Scale()
    rollout: Annotated[Rollout | None, about("How a new version takes over.")] = None
    capture: Annotated[Capture | None, about("How much of the traffic is recorded.")] = None
