"""``network:`` a private VPC of our own, or one that exists already."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, StringConstraints, Tag

from tideform.spec.base import LIST, NUMBER, REPLACE, Model, Zone, about

VPC_PATTERN = r"^vpc-[0-9a-f]{8,17}$"
SUBNET_PATTERN = r"^subnet-[0-9a-f]{8,17}$"
VpcId = Annotated[str, StringConstraints(pattern=VPC_PATTERN)]
SubnetId = Annotated[str, StringConstraints(pattern=SUBNET_PATTERN)]


class Network(Model):
    """A VPC with no route to the internet, reached through endpoints; ``existing`` names one to use instead."""

    private: Annotated[bool, about("No route to the internet; AWS is reached through endpoints.", REPLACE)] = True
    existing: Annotated[VpcId | None, about("A VPC to use instead of an own one.", REPLACE)] = None
    subnets: Annotated[tuple[SubnetId, ...], about("The subnets of the existing VPC to use.", REPLACE)] = ()
    cidr: Annotated[str, about("The address range of the own VPC, /16 to /24.", REPLACE)] = "10.42.0.0/16"
    zones: Annotated[
        Annotated[Annotated[int, Field(ge=1, le=6)], Tag(NUMBER)]
        | Annotated[Annotated[tuple[Zone, ...], Field(min_length=1, max_length=6)], Tag(LIST)],
        Discriminator(lambda given: LIST if isinstance(given, list | tuple) else NUMBER),
        about("Over how many availability zones it stretches, or which ones by letter: 2, or [a, c].", REPLACE),
    ] = 2

    @property
    def zone_count(self) -> int:
        """How many zones are asked for."""
        return self.zones if isinstance(self.zones, int) else len(self.zones)
