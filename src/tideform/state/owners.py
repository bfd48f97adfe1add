"""Whose a stack is: its name alone proves nothing.

Stacks are called ``<project>-<environment>`` or ``<project>-<environment>-<unit>``, and each of the three may have
hyphens: the unit ``fit`` of ``dev-eu`` reads like a unit ``eu-fit`` of ``dev``, project ``a`` in ``b-c`` like project
``a-b`` in ``c``. Who takes a stack for its own by how the name begins takes away what a burst of another stands on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import CloudError, RefusedError
from tideform.model.programs import UNIT_LAYERS, programs
from tideform.state import checkpoint
from tideform.state.elsewhere import count_standing
from tideform.state.settings import load_settings

if TYPE_CHECKING:
    from tideform.model.engine import Program
    from tideform.spec.deployment import Deployment
    from tideform.state.checkpoint import Blobs, Checkpoint

Stack = tuple[str, str]  # Pulumi project and stack name
Owner = tuple[str, str]  # project and environment
_KEYS = tuple((f"tideform:{key}", f"tideform.dev/{key}") for key in ("project", "environment"))


def stacks_of(deployment: Deployment, blobs: Blobs) -> Iterator[Stack]:
    """The stacks of this project and environment, whether or not the spec still names their units.

    Raises `CloudError` TD415 where they cannot be listed; one whose file cannot be read is ours by its name, and tells
    that to whoever reads it.
    """
    yield from (stack for stack in checkpoint.stacks(blobs) if is_ours(deployment, blobs, stack))


def owner_of(deployment: Deployment) -> Owner:
    """Project and environment, which together decide."""
    return deployment.spec.project, deployment.environment


def owners(deployment: Deployment, stack: Stack, state: Checkpoint | None) -> frozenset[Owner]:
    """Who is said to have the stack: by the tags of what stands, and by what this folder once applied.

    Tags may have been changed by hand, and a look at what stands brings that into the state: those of a pair whose
    stack could not have the name prove nothing beside others. Several that could have it are several owners, unless
    this folder has applied it for one of them alone; and then it is nobody's to take away.
    """
    own, said = owner_of(deployment), tagged(state)
    if own in said and _reads_one_way(stack) and may_have(own, stack):
        return frozenset({own})
    remembered = frozenset(_remembered(deployment, stack))
    if not said:
        return remembered
    able = frozenset(one for one in said if may_have(one, stack))
    if remembered == {own}:
        return able | {own} if able and own not in able else remembered
    if own in able and remembered and own not in remembered:
        return able & remembered or able | remembered
    return able or said


def tagged(state: Checkpoint | None) -> frozenset[Owner]:
    """Who is said to have a stack by the tags of what stands in it, or was being made."""
    return frozenset(_marks(state)) if state else frozenset()


def read_own(deployment: Deployment, blobs: Blobs, program: Program) -> Checkpoint | None:
    """A program's state; None where there is none.

    Raises `RefusedError` TD421 where the stack of that name is another's, `CloudError` TD415 where it cannot be read.
    """
    state = checkpoint.read(blobs, program.pulumi_project, program.stack)
    if tagged(state):
        said = owners(deployment, (program.pulumi_project, program.stack), state)
        if owner_of(deployment) not in said:
            raise _taken(blobs, program, *min(said))
    return state


def refuse_contested(deployment: Deployment, blobs: Blobs, unit: str | None = None) -> None:
    """Raise `RefusedError` TD421 where a command that takes away would pass over what may well be the deployment's.

    That is a stack of the spec that is said to be another's, and any that `contested` tells; of one ``unit`` if given.
    Raises `CloudError` TD415 where one of the spec cannot be read.
    """
    declared = [one for one in programs(deployment) if unit in (None, one.unit)]
    for one in declared:
        read_own(deployment, blobs, one)
    names = {one.stack for one in declared} | {f"{deployment.name}-{unit}"}
    if found := [told for stack, told in contested(deployment, blobs) if unit is None or stack[1] in names]:
        raise RefusedError(found)


def contested(deployment: Deployment, blobs: Blobs) -> Iterator[tuple[Stack, Diagnostic]]:
    """The stacks that may be the deployment's and that nothing proves to be, each with TD421 that says so.

    What stands in them carries the tags of several, one of them the deployment, or of nobody who could have the name.
    Nothing takes them away. One that cannot be read is told by whoever reads it.
    """
    for stack in checkpoint.stacks(blobs):
        if said := claims(deployment, blobs, stack):
            yield stack, _contested(blobs, stack[1], said)


def claims(deployment: Deployment, blobs: Blobs, stack: Stack) -> frozenset[Owner]:
    """Who is said to have one that is among `contested`; of any other nobody."""
    own = owner_of(deployment)
    state = _readable(blobs, stack) if may_have(own, stack) else None
    if state is None or not (tagged(state) or _stands(state)) or _is_proved(deployment, stack, state):
        return frozenset()
    said = owners(deployment, stack, state)
    return said if own in said or not any(may_have(one, stack) for one in said) else frozenset()


def settings_files(deployment: Deployment, environment: str) -> list[Path]:
    """What this folder keeps of each stack that it has applied in an environment."""
    return sorted((deployment.workspace.root / ".tideform" / environment).glob("*/Pulumi.*.yaml"))


def of_unit(project: str) -> bool:
    """Whether a Pulumi project has a stack for each unit."""
    return project.removeprefix("tideform-") in UNIT_LAYERS


def may_have(owner: Owner, stack: Stack) -> bool:
    """Whether a pair gives the stack's name; several may."""
    whole = "-".join(owner)
    return stack[1].startswith(f"{whole}-") if of_unit(stack[0]) else stack[1] == whole


def is_ours(deployment: Deployment, blobs: Blobs, stack: Stack) -> bool:
    """Whether one stack is among `stacks_of`."""
    if not may_have(owner_of(deployment), stack):
        return False
    try:
        state = checkpoint.read(blobs, *stack)
    except CloudError:
        said = owners(deployment, stack, None)
        return not said or said == {owner_of(deployment)}
    return _is_proved(deployment, stack, state)


def _is_proved(deployment: Deployment, stack: Stack, state: Checkpoint | None) -> bool:
    """Whether a stack that the deployment may have, and whose file was read, is the deployment's."""
    if said := owners(deployment, stack, state):
        return said == {owner_of(deployment)}
    if not of_unit(stack[0]):  # a layer may hold nothing at all; whose its name is, the tags of foundation tell
        return True
    return _reads_one_way(stack) or (_stands(state) and _is_declared(deployment, stack))


def _readable(blobs: Blobs, stack: Stack) -> Checkpoint | None:
    try:
        return checkpoint.read(blobs, *stack)
    except CloudError:
        return None


def _reads_one_way(stack: Stack) -> bool:
    """Whether nobody else can have a stack of that name."""
    return stack[1].count("-") == 1 + of_unit(stack[0])  # between project, environment and unit


def _stands(state: Checkpoint | None) -> bool:
    return state is not None and count_standing(state) > 0


def _is_declared(deployment: Deployment, stack: Stack) -> bool:
    return stack in {(p.pulumi_project, p.stack) for p in programs(deployment)}


def _marks(state: Checkpoint) -> Iterator[Owner]:
    for entry in (*state.resources, *(each.get("resource") for each in state.pending)):
        inputs = _mapping(_mapping(entry).get("inputs"))
        yield from _marked(inputs.get("tags"))
        yield from _marked(_mapping(inputs.get("metadata")).get("labels"))


def _mapping(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, Mapping) else {}


def _marked(marks: Any) -> Iterator[Owner]:
    """By the tags of a resource, or the labels of an object; an Auto Scaling group has them as a list."""
    if isinstance(marks, list):
        marks = {str(one.get("key")): one.get("value") for one in marks if isinstance(one, Mapping)}
    if isinstance(marks, Mapping):
        project, environment = (next((marks[key] for key in keys if key in marks), None) for keys in _KEYS)
        if isinstance(project, str) and isinstance(environment, str):
            yield project, environment


def _remembered(deployment: Deployment, stack: Stack) -> Iterator[Owner]:
    hidden = deployment.workspace.root / ".tideform"
    for file in sorted(hidden.glob(f"*/*/Pulumi.{escape(stack[1])}.yaml")):
        if load_settings(file.with_name("Pulumi.yaml")).get("name") == stack[0]:
            yield from _written(load_settings(file).get("config") or {}, stack[1])


def _written(config: Mapping[str, Any], name: str) -> Iterator[Owner]:
    """What a stack was applied for. Settings of before its project was in them tell it by the rest of the name."""
    environment = str(config.get("tideform:environment", ""))
    rest = f"-{environment}-{unit}" if (unit := config.get("tideform:unit")) else f"-{environment}"
    if project := config.get("tideform:project") or (name.removesuffix(rest) if name.endswith(rest) else None):
        yield str(project), environment


def _taken(blobs: Blobs, program: Program, project: str, environment: str) -> RefusedError:
    return RefusedError.of(
        "TD421",
        "A name is taken by something that is not ours",
        detail=f"{program.key}: {blobs.place()} has a stack {program.stack} already, and what stands in it carries "
        f"the tags of project {project}, environment {environment}. It was left alone.",
        fix="Rename the unit, the environment or the project in this spec.",
    )


def _contested(blobs: Blobs, name: str, said: frozenset[Owner]) -> Diagnostic:
    several = "; ".join(f"project {project}, environment {environment}" for project, environment in sorted(said))
    return Diagnostic(
        "TD421",
        Severity.ERROR,
        "A name is taken by something that is not ours",
        detail=f"{blobs.place()} has a stack {name}, which may be of this project and environment, and nothing proves "
        f"it: its tags, or what this folder has applied, say {several}. It was left alone.",
        fix="Where its tags were changed by hand, `tideform apply` in its own environment puts them right, from the "
        "folder that last applied it; a unit that left the spec is written into it again first. Where it was taken "
        f"down elsewhere since this folder applied it, remove the folder's memory of it, `Pulumi.{name}.yaml` in a "
        "folder below `.tideform`.",
    )
