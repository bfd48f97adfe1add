"""What every section of the spec shares: a strict model, names, and what is said about a field."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

NAME_PATTERN = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
ZONE_PATTERN = r"^[a-h]$"


class Model(BaseModel):
    """A part of the spec: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)


class UpdatePolicy(StrEnum):
    """What changing a field does to what is already there; the plan and ``explain`` show it."""

    IN_PLACE = "in place"
    REPLACE = "replace"
    DRAINS_FIRST = "drains first"
    REFUSED = "refused"  # while anything stands: it would be looked for, and made again, in another place


IN_PLACE, REPLACE, DRAINS_FIRST, REFUSED = UpdatePolicy


def about(description: str, update: UpdatePolicy = UpdatePolicy.IN_PLACE) -> Any:
    """What a field is for and what changing it does; the JSON Schema carries both (``x-update``)."""
    return Field(description=description, json_schema_extra={"x-update": update.value})


# What pydantic puts into the place of an error where a value may be of two types; nobody writes it.
NUMBER, LIST = "(number)", "(list)"


def written(loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The place of an error as it stands in the file."""
    return tuple(step for step in loc if step not in (NUMBER, LIST))


# An availability zone by its letter; EC2's subnets are in zones a to f, and nowhere are there more than eight.
Zone = Annotated[str, StringConstraints(pattern=ZONE_PATTERN)]

# A name that is somebody else's: whatever there is, but something.
Text = Annotated[str, StringConstraints(min_length=1, max_length=255)]

# Names become parts of AWS names, so they are short, lower case and DNS-like.
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=32)]
