"""What stands, read straight from the state: no engine, and on the local target no sandbox, is started for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tideform.engine import checkpoint
from tideform.engine.base import Program
from tideform.engine.migrate import refuse_moved
from tideform.plan.model import Outputs, urn_name
from tideform.plan.programs import UNIT_LAYERS, in_order, made_as, program

if TYPE_CHECKING:
    from tideform.engine.checkpoint import Blobs, Checkpoint
    from tideform.spec.deployment import Deployment


@dataclass(frozen=True)
class Backend:
    """The stacks of one deployment, as their state tells."""

    deployment: Deployment
    blobs: Blobs

    @classmethod
    def of(cls, deployment: Deployment) -> Backend:
        """The deployment's backend: its folder, or its bucket."""
        if deployment.settings.state is None:
            root = deployment.workspace.state(deployment.environment)
            blobs = checkpoint.FolderBlobs(root)
            refuse_moved(blobs, deployment.name)
            return cls(deployment, blobs)
        from tideform.connect import cloud_for
        from tideform.engine.connect import blobs_of

        return cls(deployment, blobs_of(deployment, cloud_for(deployment)))

    def existing(self) -> tuple[Program, ...]:
        """Programs of this project and environment that have a stack, whether or not the spec still names them.

        A unit that was renamed with ``moved:`` bears the name that the spec calls it by today.
        """
        name = self.deployment.name
        found = []
        for project, stack in checkpoint.stacks(self.blobs):
            layer = project.removeprefix("tideform-")
            if layer in UNIT_LAYERS and stack.startswith(f"{name}-"):
                found.append(made_as(self.deployment, layer, stack.removeprefix(f"{name}-")))
            elif stack == name and layer not in UNIT_LAYERS:
                found.append(program(self.deployment, layer))
        return tuple(in_order(found))

    def checkpoint(self, program: Program) -> Checkpoint | None:
        """One stack's state; None where there is none."""
        return checkpoint.read(self.blobs, program.pulumi_project, program.stack)

    def outputs(self) -> dict[str, Outputs]:
        """The outputs of every stack by program key."""
        known = {p.key: self.checkpoint(p) for p in self.existing()}
        return {key: state.outputs for key, state in known.items() if state is not None}

    def bucket_names(self) -> set[str]:
        """The names, as specs give them, of the buckets that stand."""
        states = filter(None, map(self.checkpoint, self.existing()))
        return {
            urn_name(str(resource["urn"]))
            for state in states
            for resource in state.resources
            if resource["type"] == "aws:s3/bucket:Bucket"
        }
