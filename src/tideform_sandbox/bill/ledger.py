"""What ran, from when to when, at which price: the sandbox's own account, which knows nothing of tideform's meter."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tideform_sandbox.clock import Clock

Price = Callable[[str], "float | None"]  # USD an hour on demand of an instance type, ``ml.`` types included

POOL_TAG = "tideform:unit"
# https://aws.amazon.com/about-aws/whats-new/2017/10/announcing-amazon-ec2-per-second-billing/
_LEAST = {"ec2": 60.0, "sagemaker": 0.0}  # seconds that are billed of the shortest life


@dataclass
class Entry:
    """One stretch of a machine's life, in seconds since the epoch; ``hourly`` is None where no price is known.

    ``count`` is how many machines it stands for (a SageMaker job's instances), ``share`` how much of its seconds is
    billed: SageMaker tells of spot capacity by fewer seconds, and not by another price.
    """

    id: str
    service: str
    type: str
    zone: str
    spot: bool
    started: float
    hourly: float | None
    count: int = 1
    share: float = 1.0
    ended: float | None = None
    tags: dict[str, str] = field(default_factory=dict)

    def seconds(self, now: float) -> float:
        """How long it is billed so far, all its machines together."""
        if self.service == "sagemaker" and self.ended is not None:
            return float(whole_seconds(self.ended - self.started, self.share) * self.count)
        ran = max(_LEAST[self.service], (now if self.ended is None else self.ended) - self.started)
        return ran * self.share * self.count

    def dollars(self, now: float) -> float:
        """What that costs; 0.0 where no price is known."""
        return self.seconds(now) / 3600 * (self.hourly or 0.0)


def whole_seconds(ran: float, share: float = 1.0) -> int:
    """What is billed of so many seconds where whole ones are, as in ``BillableTimeInSeconds``."""
    return math.ceil(ran * share - 1e-6)


class Ledger:
    """All that ever ran in this sandbox. Every method may be called from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._tags: dict[str, Callable[[], Mapping[str, str]]] = {}

    def start(self, entry: Entry, tags: Callable[[], Mapping[str, str]]) -> None:
        """A machine starts to cost; its tags are asked for whenever the bill is made, as long as it runs."""
        with self._lock:
            self._entries.append(entry)
            self._tags[entry.id] = tags

    def end(self, machine: str, at: float | None = None) -> None:
        """A machine costs nothing more, now or since a moment; nothing happens if it has ended already."""
        ended = self._clock.now() if at is None else at
        with self._lock:
            for entry in self._entries:
                if entry.id == machine and entry.ended is None:
                    entry.ended, entry.tags = ended, dict(self._tags[machine]())

    def bill(self) -> dict[str, Any]:
        """``machines``, ``pools`` (by the tag `POOL_TAG`), ``total`` in USD, as of ``now``."""
        now = self._clock.now()
        with self._lock:
            for entry in self._entries:
                if entry.ended is None:
                    entry.tags = dict(self._tags[entry.id]())
            entries = list(self._entries)
        pools: dict[str, float] = {}
        for entry in entries:
            name = entry.tags.get(POOL_TAG, "")
            pools[name] = pools.get(name, 0.0) + entry.dollars(now)
        total = sum(pools.values())
        return {"now": now, "machines": [_line(entry, now) for entry in entries], "pools": pools, "total": total}


def _line(entry: Entry, now: float) -> dict[str, Any]:
    return {
        "id": entry.id,
        "service": entry.service,
        "type": entry.type,
        "zone": entry.zone,
        "spot": entry.spot,
        "count": entry.count,
        "started": entry.started,
        "ended": entry.ended,
        "seconds": entry.seconds(now),
        "hourly": entry.hourly,
        "dollars": entry.dollars(now),
        "tags": entry.tags,
    }
