"""Typed quantities of the spec: durations, sizes, money, percentages and ranges.

Each is a small frozen value with ``parse``, keeps its unit in its name, and validates itself inside pydantic.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema


class Quantity:
    """A value that is written as text in the spec; subclasses say how (`parse`) and show themselves (`__str__`)."""

    json_schema: ClassVar[dict[str, Any]] = {"type": "string"}

    @classmethod
    def parse(cls, text: Any) -> Self:
        """Read the value as it stands in YAML. Raises `ValueError` with what was expected."""
        raise NotImplementedError  # abstract

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            lambda value: value if isinstance(value, cls) else cls.parse(value),
            serialization=core_schema.plain_serializer_function_ser_schema(str),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(cls.json_schema)


@dataclass(frozen=True, order=True)
class Duration(Quantity):
    """A length of time: ``20m``, ``6h``, ``14d``, ``7y`` (a year is 365 days)."""

    seconds: int

    _UNITS: ClassVar[dict[str, int]] = {
        "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400,
    }  # fmt: skip
    json_schema: ClassVar[dict[str, Any]] = {"type": "string", "pattern": r"^[0-9]+[smhdwy]$"}

    @classmethod
    def parse(cls, text: Any) -> Self:
        match = re.fullmatch(r"([0-9]{1,6})([smhdwy])", text) if isinstance(text, str) else None
        if match is None or int(match[1]) == 0:
            raise ValueError("a duration such as 20m, 6h or 14d was expected")
        return cls(int(match[1]) * cls._UNITS[match[2]])

    @property
    def days(self) -> int:
        """Whole days, rounded up: what AWS life cycles count in."""
        return -(-self.seconds // 86400)

    def __str__(self) -> str:
        unit = next(u for u in "ywdhms" if self.seconds % self._UNITS[u] == 0)
        return f"{self.seconds // self._UNITS[unit]}{unit}"

    @property
    def words(self) -> str:
        """As people say it, ``3d 1h 1m``; a spec takes one unit."""
        parts, left = [], self.seconds
        for unit in "ydhms":
            count, left = divmod(left, self._UNITS[unit])
            parts += [f"{count}{unit}"] if count else []
        return " ".join(parts)


@dataclass(frozen=True, order=True)
class Size(Quantity):
    """An amount of memory or disk in GiB: ``80GiB``, ``2TiB``."""

    gib: int

    json_schema: ClassVar[dict[str, Any]] = {"type": "string", "pattern": r"^[0-9]+(GiB|TiB)$"}

    @classmethod
    def parse(cls, text: Any) -> Self:
        match = re.fullmatch(r"([0-9]{1,7}) ?(GiB|TiB)", text) if isinstance(text, str) else None
        if match is None or int(match[1]) == 0:
            raise ValueError("a size such as 80GiB or 2TiB was expected")
        return cls(int(match[1]) * (1024 if match[2] == "TiB" else 1))

    def __str__(self) -> str:
        return f"{self.gib}GiB"


@dataclass(frozen=True, order=True)
class Money(Quantity):
    """An amount of US dollars: ``300 USD``, ``0.50 USD``."""

    usd: Decimal

    json_schema: ClassVar[dict[str, Any]] = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]{1,2})? USD$"}

    @classmethod
    def parse(cls, text: Any) -> Self:
        match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,2})?) ?USD", text) if isinstance(text, str) else None
        if match is None:
            raise ValueError("an amount such as 300 USD was expected")
        return cls(Decimal(match[1]))

    def __str__(self) -> str:
        return f"{self.usd} USD"


@dataclass(frozen=True, order=True)
class Percent(Quantity):
    """A share: ``10%``."""

    value: int

    json_schema: ClassVar[dict[str, Any]] = {"type": "string", "pattern": r"^[0-9]{1,3}%$"}

    @classmethod
    def parse(cls, text: Any) -> Self:
        match = re.fullmatch(r"([0-9]{1,3})%", text) if isinstance(text, str) else None
        if match is None or int(match[1]) > 100:
            raise ValueError("a percentage from 0% to 100% was expected")
        return cls(int(match[1]))

    def __str__(self) -> str:
        return f"{self.value}%"


@dataclass(frozen=True)
class Count(Quantity):
    """A number, or a range of numbers: ``4``, ``1..32``."""

    minimum: int
    maximum: int

    json_schema: ClassVar[dict[str, Any]] = {
        "oneOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": r"^[0-9]+(\.\.[0-9]+)?$"}]
    }

    @classmethod
    def parse(cls, text: Any) -> Self:
        match = re.fullmatch(r"([0-9]{1,5})(?:\.\.([0-9]{1,5}))?", str(text)) if type(text) in (int, str) else None
        if match is None:
            raise ValueError("a number such as 4, or a range such as 1..32 was expected")
        low, high = int(match[1]), int(match[2] or match[1])
        if not 1 <= low <= high:
            raise ValueError("a range runs from at least 1 upwards, such as 1..32")
        return cls(low, high)

    def __str__(self) -> str:
        return str(self.minimum) if self.minimum == self.maximum else f"{self.minimum}..{self.maximum}"
