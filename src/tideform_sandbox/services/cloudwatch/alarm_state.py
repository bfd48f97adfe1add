"""When an alarm is in alarm. Pure: its settings and the data of its periods in, its state out.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

OK, ALARM, NO_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_NOTHING_KNOWN = {"breaching": ALARM, "notBreaching": OK, "missing": NO_DATA}
_TAKEN_AS = {"breaching": True, "notBreaching": False}


@dataclass
class Points:
    """What was put for a metric in one period: single values, and sets of which only their statistics are known."""

    values: list[float] = field(default_factory=list)
    sums: float = 0.0
    count: float = 0.0
    lowest: float = math.inf
    highest: float = -math.inf

    def add(self, *, total: float, count: float, lowest: float, highest: float) -> None:
        """Take a set, or a single value, in."""
        self.sums, self.count = self.sums + total, self.count + count
        self.lowest, self.highest = min(self.lowest, lowest), max(self.highest, highest)
        if count == 1:
            self.values.append(total)

    def statistic(self, name: str) -> float | None:
        """By CloudWatch's name (``Sum``, ``Average``, ``p99``); None without data, or where it is not known."""
        if not self.count:
            return None
        known = {
            "Sum": self.sums,
            "Average": self.sums / self.count,
            "SampleCount": self.count,
            "Minimum": self.lowest,
            "Maximum": self.highest,
        }
        if name in known:
            return known[name]
        if not name.startswith("p") or not self.values:
            return None
        rank = math.ceil(float(name[1:]) / 100 * len(self.values))
        return sorted(self.values)[max(0, rank - 1)]


def judged(
    periods: Sequence[float | None], *, threshold: float, comparison: str, needed: int, missing: str, now: str
) -> str:
    """The state after these periods, None being one without data. ``needed`` breaching ones make an alarm.

    ``missing`` is how AWS names the treatment of missing data, ``now`` the state that ``ignore`` keeps.
    """
    breaches = _COMPARE.get(comparison)
    if breaches is None:
        return NO_DATA  # bands of anomaly detection
    if all(value is None for value in periods):
        return _NOTHING_KNOWN.get(missing, now)
    flags = [_TAKEN_AS.get(missing, False) if value is None else breaches(value, threshold) for value in periods]
    return ALARM if sum(flags) >= needed else OK
