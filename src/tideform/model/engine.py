"""What a plan asks of an engine; `engine.pulumi` and `engine.offline` answer.

A *program* is one layer, or one unit of a layer, with a Pulumi stack of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tideform.model.planned import Outputs, PlannedResource

LAYERS = ("foundation", "storage", "compliance", "training", "serving", "monitoring")


@dataclass(frozen=True)
class Program:
    """One thing to run: the file of a layer under ``stacks/``, for one unit if the layer has units.

    ``reads`` are the keys of the programs whose outputs it asks for through `upstream()`.
    """

    layer: str
    stack: str
    source: Path
    unit: str | None = None
    reads: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """``foundation``, or ``training/nightly``."""
        return self.layer if self.unit is None else f"{self.layer}/{self.unit}"

    @property
    def slug(self) -> str:
        """The key as a folder name."""
        return self.key.replace("/", "-")

    @property
    def pulumi_project(self) -> str:
        """The Pulumi project name of the layer."""
        return f"tideform-{self.layer}"


@dataclass(frozen=True)
class Progress:
    """One step of one resource, as it happens: ``state`` is ``started``, ``done`` or ``failed``."""

    program: str
    type: str
    name: str
    action: str
    state: str
    detail: str = ""


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class Preview:
    """What an engine says would happen to one program."""

    resources: tuple[PlannedResource, ...]
    outputs: Outputs
    before_outputs: Outputs
    drift: tuple[PlannedResource, ...] = ()
    not_emulated: tuple[str, ...] = ()  # ``aws:batch/jobQueue:JobQueue.someInput``: stored, without behaviour
    state_digest: str = ""
    pending: frozenset[str] = frozenset()  # URNs of what a crashed run was at
    engine_plan: Path | None = None  # the engine's own plan file, to be carried out exactly


@dataclass(frozen=True)
class Result:
    """What an engine did."""

    outputs: Outputs
    changed: int


class Engine(Protocol):
    """Previews, carries out and removes programs. Safe to call from several threads, one program each.

    ``upstream`` maps a program's key to its outputs. Every call raises `EngineError` with the engine's own words.
    """

    def preview(
        self,
        program: Program,
        upstream: Mapping[str, Outputs],
        *,
        refresh: bool = False,
        destroy: bool = False,
    ) -> Preview:
        """What would happen; changes nothing but the program's own working folder."""
        ...

    def up(
        self,
        program: Program,
        upstream: Mapping[str, Outputs],
        *,
        plan: Path | None = None,
        on_progress: OnProgress = lambda _: None,
    ) -> Result:
        """Carry the program out; with ``plan`` never more than it says."""
        ...

    def destroy(
        self, program: Program, *, targets: tuple[str, ...] = (), on_progress: OnProgress = lambda _: None
    ) -> Result:
        """Delete everything in the program's stack, and then the stack; or only the resources with these URNs."""
        ...

    def outputs(self, program: Program) -> Outputs:
        """The outputs of the last `up`; empty where there was none."""
        ...

    def existing(self) -> tuple[Program, ...]:
        """The programs of this project and environment that have a stack in the backend."""
        ...
