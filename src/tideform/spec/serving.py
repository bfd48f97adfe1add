"""``serving:`` endpoints."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tideform.spec.base import Model, Name
from tideform.spec.quantities import Duration, Percent


class ModelRef(Model):
    """Which model: a store of kind ``models`` and a version in it (a number, ``latest`` or ``approved``)."""

    from_: Name = Field(alias="from")
    version: str | int = "approved"
    image: str | None = None  # the inference container; default: the backend's own


class Scale(Model):
    """Between how many instances, and what they are scaled by."""

    min: int = Field(default=1, ge=0)
    max: int = Field(default=1, ge=1)
    target_invocations: int | None = Field(default=None, ge=1)  # a minute and instance


class Rollout(Model):
    """How a new version takes over."""

    canary: Percent | None = None
    bake: Duration = Duration.parse("10m")
    shadow: Name | None = None


class Capture(Model):
    """How much of the traffic is recorded."""

    sample: Percent = Percent(100)


class Endpoint(Model):
    """One endpoint; its backend is a catalogue entry (`tideform.catalogue.serving`)."""

    backend: str = "sagemaker"
    mode: Literal["realtime", "serverless", "async", "batch", "stream"] = "realtime"
    model: ModelRef
    instance_type: str = "ml.m5.large"
    scale: Scale = Scale()
    rollout: Rollout | None = None
    capture: Capture | None = None
