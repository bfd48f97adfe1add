"""Steps of an end, each taken whatever the others come to: what one refuses keeps no machine alive."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from types import TracebackType
from typing import TypeVar

from tideform.reaper.fence import FencedError

T = TypeVar("T")


class Steps:
    """A block whose steps are all taken; it raises the first refusal when they are."""

    def __init__(self) -> None:
        self.refused: list[Exception] = []

    def __enter__(self) -> Steps:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is None and self.refused:
            raise self.refused[0]

    def ask(self, step: Callable[[], T]) -> T | None:
        """What the step answers, None where it fails. Behind a fence all is somebody else's: that raises at once."""
        try:
            return step()
        except FencedError:
            raise
        except Exception as error:  # noqa: BLE001  # raised when the block is left
            self.refused.append(error)
            return None

    def take(self, step: Callable[[], object]) -> bool:
        """Whether the step says that it is done."""
        return bool(self.ask(step))

    def find(self, step: Callable[[], list[T]]) -> list[T]:
        """What the step finds."""
        return self.ask(step) or []

    def each(self, step: Callable[[T], object], things: Iterable[T]) -> None:
        """The same step for each of them."""
        for one in things:
            self.take(partial(step, one))
