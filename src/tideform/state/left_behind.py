"""What a state still holds that the spec names no more: of a project that was renamed, of an environment taken out.

Every name is made of the two, so that a plan for the new ones sees nothing of it: it would stand, cost and be ended by
nobody. A folder holds stacks of its own specs alone; of a bucket, which projects share, only stacks count that this
folder once applied: their settings (`settings.write_stack`) stay here, and tell the spec that they were made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tideform.files import is_plain
from tideform.spec.deployment import SANDBOX_ACCOUNT
from tideform.spec.project import Environment
from tideform.state import checkpoint
from tideform.state.elsewhere import count_standing, providers
from tideform.state.entries import accounts
from tideform.state.migrate import moved_to
from tideform.state.owners import Owner, Stack, claims, is_ours, may_have, of_unit, owners, settings_files
from tideform.state.settings import load_settings

if TYPE_CHECKING:
    from tideform.spec.deployment import Deployment
    from tideform.state.checkpoint import Blobs, Checkpoint


@dataclass(frozen=True)
class LeftBehind:
    """What stands under one name of old; ``where`` is the state that knows it, ``settings`` what it stood with."""

    project: str
    environment: str
    resources: int
    where: str
    settings: Environment

    @property
    def name(self) -> str:
        """``<project>-<environment>``."""
        return f"{self.project}-{self.environment}"


def other_projects(deployment: Deployment, blobs: Blobs) -> tuple[LeftBehind, ...]:
    """What stands in the deployment's own environment under other projects. Raises `CloudError` TD415."""
    folder = deployment.settings.state is None
    known = checkpoint.stacks(blobs) if folder else _remembered(deployment, deployment.environment)
    found = _grouped(deployment, deployment.environment, blobs, known)
    return tuple(one for one in found if one.environment == deployment.environment)


def other_environments(deployment: Deployment, blobs: Blobs) -> tuple[LeftBehind, ...]:
    """What stands in environments that the spec no longer has. Raises `CloudError` TD415."""
    named = {*deployment.environments, deployment.environment}
    found: list[LeftBehind] = []
    for name in _folders(deployment):
        if name in named:
            continue
        found += local_environment(deployment, name)
        if deployment.settings.state is not None:
            found += _grouped(deployment, name, blobs, _remembered(deployment, name))
    return tuple(found)


def in_this_folder(deployment: Deployment) -> tuple[LeftBehind, ...]:
    """What the folders of state here hold under other names; no bucket is asked. Raises `CloudError` TD415."""
    own = deployment.environment
    others = (name for name in _folders(deployment) if name == own or name not in deployment.environments)
    return tuple(one for name in others for one in local_environment(deployment, name))


def local_environment(deployment: Deployment, environment: str) -> tuple[LeftBehind, ...]:
    """What the environment's own folder of state holds, if it has one: of no bucket (``settings.state`` is None).

    Raises `CloudError` TD415.
    """
    state = deployment.workspace.root / ".tideform" / environment / "state"
    if environment not in _folders(deployment) or not state.is_dir():
        return ()
    blobs = checkpoint.FolderBlobs(state)
    here = replace(deployment, settings=deployment.settings.model_copy(update={"state": None}))
    return tuple(_grouped(here, environment, blobs, checkpoint.stacks(blobs)))


def _folders(deployment: Deployment) -> list[str]:
    """The environments that this folder has ever worked on; what a command line calls one may be anything."""
    hidden = deployment.workspace.root / ".tideform"
    return sorted(folder.name for folder in hidden.iterdir() if folder.is_dir()) if hidden.is_dir() else []


def _grouped(deployment: Deployment, environment: str, blobs: Blobs, stacks: Iterable[Stack]) -> Iterator[LeftBehind]:
    several: dict[Owner, list[Checkpoint]] = {}
    for stack in dict.fromkeys(stacks):
        if _of_another_spec(deployment, environment, stack[1]) or _may_be_ours(deployment, blobs, stack):
            continue
        state = checkpoint.read(blobs, *stack)
        if state is not None and count_standing(state):
            several.setdefault(_whose(deployment, state, stack, environment), []).append(state)
    for (project, of), states in sorted(several.items()):
        if moved_to(blobs, (project, of)) is None:
            settings = _settings(deployment, states)
            yield LeftBehind(project, of, sum(map(count_standing, states)), blobs.place(), settings)


def _may_be_ours(deployment: Deployment, blobs: Blobs, stack: Stack) -> bool:
    return is_ours(deployment, blobs, stack) or bool(claims(deployment, blobs, stack))


def _whose(deployment: Deployment, state: Checkpoint, stack: Stack, environment: str) -> Owner:
    """Project and environment as something tells them; where nothing does, by the stack's name."""
    if said := [one for one in owners(deployment, stack, state) if may_have(one, stack)]:
        return min(said)
    before = (
        stack[1].rpartition(f"-{environment}-")[0] if of_unit(stack[0]) else stack[1].removesuffix(f"-{environment}")
    )
    return before, environment


def _settings(deployment: Deployment, states: list[Checkpoint]) -> Environment:
    """Of its provider: which account and region it stands in."""
    inputs: Any = next((found for state in states for found in providers(state)), {})
    account = next(iter(accounts(inputs)), SANDBOX_ACCOUNT)
    local = account == SANDBOX_ACCOUNT
    return Environment(
        target="local" if local else "aws",
        account=None if local else account,
        region=inputs.get("region") or deployment.region,
        state=deployment.settings.state,
    )


def _remembered(deployment: Deployment, environment: str) -> Iterator[Stack]:
    for file in settings_files(deployment, environment):
        named = load_settings(file.with_name("Pulumi.yaml")).get("name")
        yield str(named), file.name.removeprefix("Pulumi.").removesuffix(".yaml")


def _of_another_spec(deployment: Deployment, environment: str, stack: str) -> bool:
    """Two specs may lie in one folder, and a folder may be a copy of another: each file has what it has made."""
    for file in settings_files(deployment, environment):
        if file.name == f"Pulumi.{stack}.yaml":
            made_from = Path(str(load_settings(file).get("config", {}).get("tideform:spec", "")))
            return is_plain(made_from) and not made_from.samefile(deployment.spec_file)
    return False
