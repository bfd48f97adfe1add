"""At which moments the command line is killed: found by watching one undisturbed burst, not by a list of ours.

Every call that changes something in the account, or in a cluster, is a step of the burst, and it is killed after
each; beside them stand the engine's events of a pool that has a stack of its own.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_READS = ("Describe", "List", "Get", "Scan", "Query", "Head", "Lookup", "BatchGet", "AssumeRole")


@dataclass(frozen=True, order=True)
class Moment:
    """One moment. ``order`` is its place in the burst; ``text`` is what `tests.faults.killed_at` takes.

    ``working`` tells whether the job has to be at work for good: it is to be killed before the job's end.
    """

    order: int
    text: str
    working: bool

    @property
    def before(self) -> str:
        """Right before the step, where ``text`` is right after it."""
        return self.text.replace("after ", "before ", 1)

    @property
    def words(self) -> str:
        """As the table shows it."""
        text = self.text.removeprefix("after call ").replace("after event", "engine event ")
        return text.replace("after kube", "Kubernetes:").strip()


def steps(record: Sequence[str], job_ends_at: int) -> list[Moment]:
    """A moment after each call that changes something; what comes from ``job_ends_at`` on comes after the job's end."""
    found, seen = [], Counter[str]()
    repeated = _repeated(record)
    for place, what in enumerate(record):
        seen[what] += 1
        if _changes(what) and place not in repeated:
            found.append(Moment(place, f"after {what}#{seen[what]}", working=place < job_ends_at))
    return found


def _repeated(record: Sequence[str]) -> set[int]:
    """Places of the third and later of equal rounds: the way down through a cluster is gone until nothing is left.

    What has come round so often is no step of its own any more: how often it is asked again is a matter of luck.
    """
    changes = [place for place, what in enumerate(record) if _changes(what)]
    words = [record[place] for place in changes]
    found, earlier, again = set[int](), dict[str, list[int]](), set[str]()
    for order, place in enumerate(changes):
        *_, first, second = (-1, -1, *earlier.setdefault(words[order], []))
        round_ = words[second + 1 : order]
        if first >= 0 and round_ == words[first + 1 : second] and any(what.startswith("kube ") for what in round_):
            again.add(words[order])
        if words[order] in again:
            found.add(place)
        earlier[words[order]].append(order)
    return found


def _changes(what: str) -> bool:
    kind, _, rest = what.partition(" ")
    if kind == "kube":
        return not rest.startswith("GET ")
    return kind == "call" and not rest.partition(".")[2].startswith(_READS)


def events(record: Sequence[str], job_ends_at: int) -> list[Moment]:
    """A moment after each engine event."""
    places = [place for place, what in enumerate(record) if what == "event"]
    return [
        Moment(place, f"after event#{number}", working=place < job_ends_at)
        for number, place in enumerate(places, start=1)
    ]


def common(first: Iterable[Moment], second: Iterable[Moment]) -> list[Moment]:
    """The moments that both of two undisturbed bursts had: how often something is asked again is a matter of luck."""
    texts = {moment.text for moment in second}
    return [moment for moment in first if moment.text in texts]


def some(moments: Sequence[Moment], number: int | None, seed: str) -> list[Moment]:
    """So many of them, in their order; the same ones for the same seed, and all where no number is given."""
    if number is None or number >= len(moments):
        return list(moments)
    return sorted(random.Random(seed).sample(moments, number))
