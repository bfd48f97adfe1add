"""From a deployment to the cloud that it goes to: the sandbox, or an AWS account."""

from __future__ import annotations

from tideform.cloud import Cloud
from tideform.spec.deployment import Deployment


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
