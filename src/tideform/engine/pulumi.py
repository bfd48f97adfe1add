"""The real engine: Pulumi's Automation API with inline programs, one working folder and one stack a program.

The engine is a process of its own that connects back to this one for the program. `connect` says what it needs to
reach the target; for ``local`` that is the sandbox and the sandbox's provider in place of the vendor's plugin.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tideform.engine import events
from tideform.engine.failures import engine_failure
from tideform.engine.inline import inline_program
from tideform.engine.progress import progress_of
from tideform.errors import EngineError
from tideform.model.engine import OnProgress, Preview, Program, Result
from tideform.model.planned import Outputs
from tideform.state import checkpoint, settings
from tideform.state.owners import read_own

if TYPE_CHECKING:
    from pulumi.automation import Stack
    from pulumi.automation.events import EngineEvent

    from tideform.engine.provider_process import ProviderProcess
    from tideform.spec.deployment import Deployment
    from tideform.state.checkpoint import Blobs, Checkpoint

_MOVE_SECONDS = 600.0  # for a state to be read or written; the largest take a few


@dataclass(frozen=True)
class Reach:
    """How engine processes reach the target: variables for them, and providers that run instead of the vendor's.

    ``keys`` are asked for anew before each call of the engine, since temporary ones end.
    """

    environ: Mapping[str, str]
    keys: Callable[[], Mapping[str, str]] = dict
    attached: Mapping[str, ProviderProcess] = field(default_factory=dict)
    secrets_provider: str = "passphrase"  # the name of a method


@dataclass(frozen=True)
class PulumiEngine:
    """Previews, carries out and removes programs on the Pulumi engine. Safe for several threads, one program each."""

    deployment: Deployment
    binary: Path
    version: str
    blobs: Blobs
    reach: Reach

    def preview(
        self,
        program: Program,
        upstream: Mapping[str, Outputs],
        *,
        refresh: bool = False,
        destroy: bool = False,
        plan: Path | None = None,
        seen: list[EngineEvent] | None = None,
    ) -> Preview:
        """What would happen. A program without a stack is previewed on a throwaway one: a plan leaves nothing.

        The engine's own events are put into ``seen``.
        """
        known = self.checkpoint(program)
        seen = [] if seen is None else seen
        with (
            self._stack(program, upstream, known, scratch=known is None) as stack,
            engine_failure(program, seen),
        ):
            if destroy:
                stack.preview_destroy(on_event=seen.append, color="never")
            else:
                stack.preview(on_event=seen.append, color="never", refresh=refresh, plan=str(plan) if plan else None)
        before, after = events.root_outputs(seen)
        return Preview(
            resources=events.planned(program.key, seen),
            outputs={} if destroy else after,
            before_outputs=known.outputs if known else before,
            drift=events.drift(program.key, seen) if refresh else (),
            not_emulated=events.not_emulated(seen),
            state_digest=known.digest if known else "",
            pending=known.pending_urns if known else frozenset(),
            engine_plan=plan,
        )

    def unmade(
        self, program: Program, upstream: Mapping[str, Outputs], plan: Path
    ) -> tuple[Preview, list[dict[str, Any]]]:
        """A preview, written to ``plan``, and what it would create as entries of a state (`adopt.wanted`)."""
        from tideform.engine.adopt.wanted import wanted

        seen: list[EngineEvent] = []
        preview = self.preview(program, upstream, plan=plan, seen=seen)
        return preview, wanted(seen, json.loads(plan.read_text(encoding="utf-8"))["resourcePlans"])

    def up(
        self,
        program: Program,
        upstream: Mapping[str, Outputs],
        *,
        plan: Path | None = None,
        on_progress: OnProgress = lambda _: None,
    ) -> Result:
        seen: list[EngineEvent] = []

        def on_event(event: EngineEvent) -> None:
            seen.append(event)
            for step in progress_of(program, event):
                on_progress(step)

        with self._stack(program, upstream, self.checkpoint(program)) as stack, engine_failure(program, seen):
            stack.up(on_event=on_event, color="never", plan=str(plan) if plan else None)
        return Result(outputs=self.outputs(program), changed=events.changed(seen))

    def refresh(self, program: Program, *, targets: tuple[str, ...] = ()) -> None:
        """Read resources back from the cloud into the state."""
        seen: list[EngineEvent] = []
        with self._stack(program, {}, self.checkpoint(program)) as stack, engine_failure(program, seen):
            stack.refresh(on_event=seen.append, color="never", target=list(targets) or None)

    def destroy(
        self, program: Program, *, targets: tuple[str, ...] = (), on_progress: OnProgress = lambda _: None
    ) -> Result:
        """Delete what the stack holds, and then the stack itself; or the resources with these URNs alone."""
        known = self.checkpoint(program)
        if known is None:
            return Result(outputs={}, changed=0)
        seen: list[EngineEvent] = []

        def on_event(event: EngineEvent) -> None:
            seen.append(event)
            for step in progress_of(program, event):
                on_progress(step)

        with self._stack(program, {}, known) as stack, engine_failure(program, seen):
            if not known.empty:
                stack.destroy(on_event=on_event, color="never", target=list(targets) or None)
            if not targets:
                stack.workspace.remove_stack(program.stack)
        return Result(outputs={}, changed=events.changed(seen))

    def outputs(self, program: Program) -> Outputs:
        known = self.checkpoint(program)
        return known.outputs if known else {}

    def existing(self) -> tuple[Program, ...]:
        """Programs of this project and environment that the backend knows, whether or not the spec still names them."""
        from tideform.state.backend import Backend

        return Backend(self.deployment, self.blobs).existing()

    def checkpoint(self, program: Program) -> Checkpoint | None:
        """The program's state as the backend holds it. Raises `RefusedError` TD421 where the stack is another's."""
        return read_own(self.deployment, self.blobs, program)

    def export_state(self, program: Program) -> dict[str, Any]:
        """The state as the engine exports it; secrets stay encrypted."""
        with self._stack(program, {}, self.checkpoint(program)) as stack:
            return dict(json.loads(self._run(stack, program, "export")))

    def import_state(self, program: Program, state: Mapping[str, Any]) -> None:
        """Replace the state by an edited export; it goes through a pipe, never through a file."""
        with self._stack(program, {}, self.checkpoint(program)) as stack:
            self._run(stack, program, "import", given=json.dumps(state))

    def read_back(
        self, program: Program, state: Mapping[str, Any], wanted: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """Read resources from the cloud without touching the program's state: those of ``wanted`` that exist.

        ``wanted`` are entries of a state with an id. Their providers and parents come from ``state``, an export. All
        of it happens on a throwaway stack under the same key, so that secrets stay encrypted.
        """
        if not wanted:
            return []
        scaffold = checkpoint.scaffold(state["deployment"]["resources"])
        resources = [checkpoint.alone(resource) for resource in (*scaffold, *wanted)]
        given = {**state, "deployment": {**state["deployment"], "resources": resources, "pending_operations": []}}
        seen: list[EngineEvent] = []
        with self._stack(program, {}, self.checkpoint(program), scratch=True) as stack, engine_failure(program, seen):
            self._run(stack, program, "import", given=json.dumps(given))
            stack.refresh(on_event=seen.append, color="never")
            found = json.loads(self._run(stack, program, "export"))["deployment"].get("resources", [])
        urns = {resource["urn"] for resource in wanted}
        return [resource for resource in found if resource["urn"] in urns]

    def _run(self, stack: Stack, program: Program, verb: str, given: str = "") -> str:
        try:
            done = subprocess.run(
                [str(self.binary), "stack", verb, "--stack", program.stack],
                cwd=stack.workspace.work_dir,
                env={**os.environ, **stack.workspace.env_vars, "PULUMI_HOME": str(_engine_home())},
                input=given,
                capture_output=True,
                text=True,
                check=False,
                timeout=_MOVE_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise _not_moved(f"{verb} of {program.key}: no answer within {_MOVE_SECONDS:.0f} seconds") from None
        if done.returncode != 0:
            raise _not_moved(f"{verb} of {program.key}: {done.stderr}")
        return done.stdout

    @contextmanager
    def _stack(
        self,
        program: Program,
        upstream: Mapping[str, Outputs],
        known: Checkpoint | None,
        *,
        scratch: bool = False,
    ) -> Iterator[Stack]:
        if not scratch:
            folder = self.deployment.workspace.program(self.deployment.environment, program.slug)
            stack = self._open(program, upstream, known, folder, self.blobs.url)
            if known is None:
                stack.workspace.create_stack(program.stack)
            yield stack
            return
        with tempfile.TemporaryDirectory(prefix="tideform-plan-") as folder_name:
            folder = Path(folder_name)
            checkpoint.write_new(folder, program.pulumi_project, program.stack)
            yield self._open(program, upstream, known, folder, checkpoint.folder_url(folder))

    def _open(
        self,
        program: Program,
        upstream: Mapping[str, Outputs],
        known: Checkpoint | None,
        folder: Path,
        url: str,
    ) -> Stack:
        from pulumi.automation import LocalWorkspace

        from tideform.engine.bounded import BoundedCommand
        from tideform.engine.open_stack import OpenStack

        settings.write_project(folder, program)
        settings.write_stack(folder, program, self.deployment, known)
        workspace = LocalWorkspace(
            work_dir=str(folder),
            pulumi_command=BoundedCommand(self.binary, self.version),
            pulumi_home=str(_engine_home()),
            program=inline_program(program, self.deployment, upstream),
            secrets_provider=self.reach.secrets_provider,
            env_vars={**self._environ(), "PULUMI_BACKEND_URL": url},
        )
        return OpenStack(program.stack, workspace)

    def _environ(self) -> dict[str, str]:
        key = settings.passphrase_file(self.deployment.workspace.environment(self.deployment.environment))
        return {
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(key),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DIY_BACKEND_RETAIN_CHECKPOINTS": "false",
            "PULUMI_DEBUG_PROVIDERS": ",".join(f"{name}:{p.port}" for name, p in self.reach.attached.items()),
            **self.reach.environ,
            **self.reach.keys(),
        }


def _not_moved(detail: str) -> EngineError:
    return EngineError.of(
        "TD403",
        "The engine could not move a state",
        detail=detail,
        fix="Nothing was changed by it; mend what the engine names and run the command again.",
    )


def _engine_home() -> Path:
    """Where the engine keeps plugins: shared, for the vendor's AWS plugin alone is 700 MB."""
    from tideform.paths import cache_dir, private_dir

    return private_dir(cache_dir() / "pulumi-home")
