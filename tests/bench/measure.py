"""Measuring one thing against another on a machine that does other things as well.

Absolute times say little: the two are run in turn, so that whatever else the machine does hits both, and what is
judged is the ratio of their medians.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

Measurement = Callable[[], float]  # does it once and returns seconds


@dataclass(frozen=True)
class Ratio:
    """What was compared, the medians in seconds, and how many times the baseline it may take."""

    figure: str
    baseline: str
    baseline_seconds: float
    seconds: float
    limit: float

    @property
    def value(self) -> float:
        """How many times the baseline it took."""
        return self.seconds / self.baseline_seconds

    def row(self) -> str:
        """A row of the table in Markdown."""
        baseline = f"{self.baseline}: {self.baseline_seconds:.2f} s"
        return f"| {self.figure} | {baseline} | {self.seconds:.2f} s | {self.value:.2f} | {self.limit:g} |"


def alternate(baseline: Measurement, candidate: Measurement, *, runs: int) -> tuple[float, float]:
    """The medians in seconds of so many runs of each, in turn, after one of each that is not counted."""
    baseline(), candidate()
    pairs = [(baseline(), candidate()) for _ in range(runs)]
    return median(first for first, _ in pairs), median(second for _, second in pairs)


def whole_process(command: Sequence[str | Path], folder: Path) -> Measurement:
    """A measurement of a command from its start to its end; it fails if the command does."""

    def run() -> float:
        begin = time.perf_counter()
        subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - begin

    return run
