"""From programs to the ordered list of stages that `explain` prints and `execute` walks. Pure.

Stages of one level do not need each other and run side by side. Going up, a program comes after those it reads;
removal goes the other way, and comes last: what a removed unit used may still be needed until it is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tideform.model.engine import LAYERS, Program

# endpoints, pools and what runs on a cluster first, then monitoring and storage, then foundation
REMOVAL_ORDER = ("serving", "training", "monitoring", "compliance", "storage", "foundation")


@dataclass(frozen=True)
class Stage:
    """One program to bring up or take down, at its place in the order."""

    level: int
    action: Literal["up", "destroy"]
    program: Program
    why: str


def stages(programs: Sequence[Program], removed: Iterable[Program] = ()) -> tuple[Stage, ...]:
    """The whole walk: everything up, then what the spec no longer names away."""
    up = _up(programs)
    first = max((s.level for s in up), default=-1) + 1
    return (*up, *removal(removed, first_level=first, why="no longer in the spec, or between bursts"))


def removal(programs: Iterable[Program], *, first_level: int = 0, why: str) -> tuple[Stage, ...]:
    """Take programs down; a layer waits until those above it are gone."""
    found = sorted(programs, key=lambda p: (REMOVAL_ORDER.index(p.layer), p.unit or ""))
    layers = [layer for layer in REMOVAL_ORDER if any(p.layer == layer for p in found)]
    return tuple(Stage(first_level + layers.index(p.layer), "destroy", p, why) for p in found)


def _up(programs: Sequence[Program]) -> tuple[Stage, ...]:
    levels: dict[str, int] = {}
    present = {p.key for p in programs}
    for program in sorted(programs, key=lambda p: LAYERS.index(p.layer)):
        needed = [levels[key] for key in program.reads if key in present]
        levels[program.key] = max(needed, default=-1) + 1
    return tuple(
        Stage(levels[p.key], "up", p, _reason(p))
        for p in sorted(programs, key=lambda p: (levels[p.key], LAYERS.index(p.layer), p.unit or ""))
    )


def _reason(program: Program) -> str:
    return f"after {' and '.join(program.reads)}" if program.reads else "nothing comes before it"
