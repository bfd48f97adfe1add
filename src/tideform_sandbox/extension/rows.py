"""What a folder of `tideform_sandbox.services` has to say of moto in a table."""

from __future__ import annotations

from dataclasses import dataclass

from tideform_sandbox.extension.nouns import Noun
from tideform_sandbox.extension.remembered import Remembered
from tideform_sandbox.extension.taken import Taken


@dataclass(frozen=True)
class Rows:
    """Resources that moto does not know, members that it forgets, names that it gives twice."""

    nouns: tuple[Noun, ...] = ()
    remembered: tuple[Remembered, ...] = ()
    taken: tuple[Taken, ...] = ()
