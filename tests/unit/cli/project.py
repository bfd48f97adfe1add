"""A project in a folder, and stand-ins for what the commands call: no engine, no sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.views.plans import created, plan
from tideform.burst.receipt import Receipt
from tideform.model.engine import Preview, Progress
from tideform.model.planned import Plan
from tideform.operations.execute import Applied
from tideform.operations.pipeline import Planned
from tideform.plan.saved import Provenance

SPEC = """\
version: 1
project: quickstart
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}, test: {target: local}}
storage: {digits: {kind: dataset}, models: {kind: models}}
training:
  nightly:
    instance_types: [c5.large]
    between_bursts: remove
    job: {image: trainer, command: [python, train.py]}
"""


def planned(of: Plan) -> Planned:
    """The plan with a preview of each program in it."""
    keys = {r.program for r in of.resources}
    previews = {
        k: Preview(tuple(r for r in of.resources if r.program == k), {}, {}, state_digest="d" * 64) for k in keys
    }
    return Planned(of, previews, {})


@dataclass
class World:
    """What the commands asked for, and what they get."""

    plan: Plan = field(default_factory=lambda: plan(created()))
    receipt: Receipt = field(default_factory=lambda: Receipt("quickstart-dev", asked=3))
    versions: Mapping[str, str] = field(default_factory=lambda: {"engine": "3.250.0"})
    asked: dict[str, Any] = field(default_factory=dict)
    locked: list[tuple[str, float]] = field(default_factory=list)
    applied: list[Planned] = field(default_factory=list)
    destroyed: list[dict[str, Any]] = field(default_factory=list)

    def make_plan(self, _deployment: Any, **asked: Any) -> Planned:
        self.asked = asked
        return planned(self.plan)

    @contextmanager
    def changing(self, deployment: Any, operation: str, *, wait: float, say: Any) -> Iterator[Any]:
        self.locked.append((operation, wait))
        yield SimpleNamespace(deployment=deployment, engine="the engine of the lock")

    def carry_out(self, _change: Any, what: Planned, *, on_progress: Any) -> Applied:
        self.applied.append(what)
        on_progress(Progress("storage", "aws:s3/bucket:Bucket", "digits", "create", "done"))
        return Applied(1, {"storage": {"bucket": "quickstart-digits"}})

    def destroy(self, _deployment: Any, **asked: Any) -> Receipt:
        self.destroyed.append(asked)
        return self.receipt

    def provenance(self, deployment: Any, what: Planned) -> Provenance:
        states = {key: preview.state_digest for key, preview in what.previews.items()}
        return Provenance(deployment.digest, self.versions, states)


def enter(folder: Path, patch: pytest.MonkeyPatch) -> World:
    """Write the spec, go there, and put the stand-ins in place."""
    world = World()
    (folder / "tideform.yaml").write_text(SPEC)
    patch.chdir(folder)
    patch.setenv("TIDEFORM_ENVIRONMENT", "dev")
    patch.setattr("tideform.operations.pipeline.make_plan", world.make_plan)
    patch.setattr("tideform.engine.connect.connect_engine", lambda _deployment, **_words: "an engine for looking")
    patch.setattr("tideform.operations.changing.changing", world.changing)
    patch.setattr("tideform.operations.changing.end_dead_bursts", lambda _change, _say, **_: None)
    patch.setattr("tideform.operations.changing.mend_reaper", lambda _change, _say: None)
    patch.setattr("tideform.operations.execute.carry_out", world.carry_out)
    patch.setattr("tideform.operations.teardown.destroy", world.destroy)
    patch.setattr("tideform.operations.provenance.provenance", world.provenance)
    return world


def answer(patch: pytest.MonkeyPatch, *words: str) -> None:
    """Sit at a terminal and type these words; after them the input ends."""
    lines = iter(words)

    def read(_prompt: str = "") -> str:
        try:
            return next(lines)
        except StopIteration:
            raise EOFError from None

    patch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    patch.setattr("builtins.input", read)
