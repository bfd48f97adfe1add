"""Inputs that are asked for by name: what is not known yet answers nothing, and what was asked for is noted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tideform.model.planned import UNKNOWN
from tideform.state.values import contains, from_engine


class NotKnownError(Exception):
    """An input that hangs on something which the state does not have."""


class Sure(Mapping[str, Any]):
    """A resource's inputs. Raises `NotKnownError` for one that is not known; ``asked`` are those that were."""

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        self._inputs = inputs
        self.asked: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        value = self._inputs[key]
        if contains(from_engine({"it": value}), UNKNOWN):
            raise NotKnownError(key)
        self.asked.add(key)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._inputs)

    def __len__(self) -> int:
        return len(self._inputs)
