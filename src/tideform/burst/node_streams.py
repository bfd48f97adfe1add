"""Which log streams belong together: those of one attempt of a job, one for each of its nodes, by rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Stream:
    """One node's log. ``rank`` is None where there is one node only."""

    name: str
    rank: int | None = None

    def line(self, text: str) -> str:
        """As `burst run` shows it: lines of several nodes are told apart."""
        return text if self.rank is None else f"[{self.rank}] {text}"


Attempt = tuple[Stream, ...]


def ranked(names: Sequence[str]) -> Attempt:
    """The streams of one attempt, given in the order of ranks."""
    return (Stream(names[0]),) if len(names) == 1 else tuple(Stream(name, rank) for rank, name in enumerate(names))
