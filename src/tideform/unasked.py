"""What gave no answer, and why: that something could not be asked is never the same as that there is nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from tideform.diagnostics import Diagnostic
from tideform.errors import BrokenRecord, CloudError, TideformError

T = TypeVar("T")


@dataclass(frozen=True)
class Unasked:
    """One part that could not be asked, by the words that everybody has for it (``machines``, ``lock``), and why."""

    what: str
    why: str

    @property
    def reason(self) -> str:
        """The words behind the part's own."""
        return f"could not be asked: {self.why}"

    def __str__(self) -> str:
        return f"{self.what}: {self.reason}"


@dataclass(frozen=True)
class Broken(Unasked):
    """One part whose record is there and cannot be read: asking again helps nothing."""

    @property
    def reason(self) -> str:
        """The words behind the part's own."""
        return f"cannot be read: {self.why}"


@dataclass(frozen=True)
class Gaps:
    """What an answer lacks: of whom there was none, and what is broken; with the diagnostics of both, each once."""

    unasked: tuple[Unasked, ...] = ()
    unreadable: tuple[Broken, ...] = ()
    problems: tuple[Diagnostic, ...] = ()

    @classmethod
    def of(cls, what: str, error: TideformError) -> Gaps:
        """The part that an error has hidden."""
        why = reason(error)
        if isinstance(error, BrokenRecord):
            return cls(unreadable=(Broken(what, why),), problems=error.diagnostics)
        return cls(unasked=(Unasked(what, why),), problems=error.diagnostics)

    @property
    def all(self) -> tuple[Unasked, ...]:
        """The parts of both kinds."""
        return (*self.unasked, *self.unreadable)

    def __add__(self, other: Gaps) -> Gaps:
        """Both, each part and each diagnostic once."""
        return Gaps(
            tuple(dict.fromkeys((*self.unasked, *other.unasked))),
            tuple(dict.fromkeys((*self.unreadable, *other.unreadable))),
            tuple(dict.fromkeys((*self.problems, *other.problems))),
        )

    def __bool__(self) -> bool:
        return bool(self.unasked or self.unreadable)


NO_GAPS: Final = Gaps()


def reason(error: TideformError) -> str:
    """Why, in the words of what was refused."""
    return "; ".join(one.detail or one.summary for one in error.diagnostics)


def ask(what: str, work: Callable[[], T], otherwise: T) -> tuple[T, tuple[Unasked, ...]]:
    """The answer and nothing, or ``otherwise`` and why there is none: what one service refuses hides no other part."""
    try:
        return work(), ()
    except CloudError as refused:
        return otherwise, (Unasked(what, reason(refused)),)


def each(parts: Mapping[str, Callable[[], T]]) -> tuple[dict[str, T], Gaps]:
    """What came of the work for each part, and the parts for which it was refused: one hides no other."""
    found: dict[str, T] = {}
    gaps = Gaps()
    for what, work in parts.items():
        try:
            found[what] = work()
        except TideformError as error:
            gaps += Gaps.of(what, error)
    return found, gaps


def of(what: str, unasked: Iterable[Unasked]) -> tuple[Unasked, ...]:
    """Those that are of this part."""
    return tuple(one for one in unasked if one.what == what)
