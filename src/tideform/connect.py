"""From a deployment to the cloud that it goes to, the sandbox or an AWS account, and to its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tideform.cloud import Cloud
from tideform.spec.deployment import Deployment

if TYPE_CHECKING:
    from tideform.state.backend import Backend


def backend_of(deployment: Deployment) -> Backend:
    """What stands of a deployment by its state, unread as yet; `engine.fit.checked_backend` looks whether it fits."""
    from tideform.state.backend import Backend
    from tideform.state.checkpoint import FolderBlobs
    from tideform.state.location import location_of

    if deployment.settings.state is None:  # no sandbox is started for it
        return Backend(deployment, FolderBlobs(deployment.workspace.state(deployment.environment)))
    return Backend(deployment, location_of(deployment, cloud_for(deployment)))


def cloud_for(deployment: Deployment) -> Cloud:
    """The clients of a deployment's account and region.

    For the local target this starts the workspace's sandbox if it does not run; on AWS it calls nothing yet.
    Raises `SandboxError` if the sandbox cannot be had, or is another one than the environment was applied to.
    """
    if deployment.target == "local":
        from tideform.local import client

        client.check_boot(deployment.workspace, deployment.environment)
        sandbox = client.ensure(deployment.workspace)
        return Cloud(
            deployment.region,
            deployment.account,
            credentials=sandbox.credentials,
            clock=lambda: float(client.clock(deployment.workspace)["now"]),
        )
    settings = deployment.settings
    return Cloud(deployment.region, deployment.account, profile=settings.profile, role=settings.role)
