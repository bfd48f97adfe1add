"""``network:`` a private VPC of our own, or one that exists already."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from tideform.spec.base import Model


class Network(Model):
    """A VPC without a route to the internet, reached through endpoints; ``existing`` names one to use instead."""

    private: bool = True
    existing: Annotated[str, StringConstraints(pattern=r"^vpc-[0-9a-f]+$")] | None = None
    subnets: tuple[Annotated[str, StringConstraints(pattern=r"^subnet-[0-9a-f]+$")], ...] = ()
    cidr: str = "10.42.0.0/16"
    zones: int = 2
