"""What every section of the spec shares: a strict model, names, and the update policy of a field."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints


class Model(BaseModel):
    """A part of the spec: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class UpdatePolicy(StrEnum):
    """What changing a field does to what is already there; the plan and ``explain`` show it."""

    IN_PLACE = "in place"
    REPLACE = "replace"
    DRAINS_FIRST = "drains first"


# Names become parts of AWS names, so they are short, lower case and DNS-like.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=32)]
