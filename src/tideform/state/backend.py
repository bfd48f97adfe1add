"""What stands, read straight from the state: no engine, and on the local target no sandbox, is started for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tideform.model.engine import Program
from tideform.model.planned import Outputs
from tideform.model.programs import UNIT_LAYERS, in_order, made_as, program
from tideform.state.owners import read_own, stacks_of

if TYPE_CHECKING:
    from tideform.spec.deployment import Deployment
    from tideform.state.checkpoint import Blobs, Checkpoint


@dataclass(frozen=True)
class Backend:
    """The stacks of one deployment, as their state tells."""

    deployment: Deployment
    blobs: Blobs

    def existing(self) -> tuple[Program, ...]:
        """Programs of this project and environment that have a stack, whether or not the spec still names them.

        A unit that was renamed with ``moved:`` bears the name that the spec calls it by today.
        """
        found = []
        for project, stack in stacks_of(self.deployment, self.blobs):
            layer = project.removeprefix("tideform-")
            if layer in UNIT_LAYERS:
                found.append(made_as(self.deployment, layer, stack.removeprefix(f"{self.deployment.name}-")))
            else:
                found.append(program(self.deployment, layer))
        return tuple(in_order(found))

    def checkpoint(self, program: Program) -> Checkpoint | None:
        """One stack's state; None where there is none. Raises `RefusedError` TD421 where it is another's."""
        return read_own(self.deployment, self.blobs, program)

    def unit(self, layer: str, name: str) -> Checkpoint | None:
        """The state of a unit by its name in the spec. Raises as `checkpoint` does."""
        return self.checkpoint(program(self.deployment, layer, name))

    def outputs(self) -> dict[str, Outputs]:
        """The outputs of every stack by program key."""
        known = {p.key: self.checkpoint(p) for p in self.existing()}
        return {key: state.outputs for key, state in known.items() if state is not None}
