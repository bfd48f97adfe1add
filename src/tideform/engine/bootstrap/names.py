"""The names of what bootstrap makes; all follow from the environment's ``state`` and the project. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from tideform.spec.deployment import Deployment
from tideform.spec.regions import partition


def state_bucket(deployment: Deployment) -> str:
    """The bucket of ``state: s3://BUCKET[/PREFIX]``; projects may share one."""
    return urlsplit(deployment.settings.state or "").netloc


def state_prefix(deployment: Deployment) -> str:
    """The prefix in it, empty or ending in a slash."""
    prefix = urlsplit(deployment.settings.state or "").path.strip("/")
    return f"{prefix}/" if prefix else ""


def state_key_alias(deployment: Deployment) -> str:
    """The alias, without ``alias/``, of the key that encrypts the bucket and the secrets in the state."""
    return f"tideform-state-{state_bucket(deployment).replace('.', '-')}"


def ci_role_name(deployment: Deployment) -> str:
    """The role that CI takes for this project and environment."""
    return deployment.physical_name("ci", limit=64)


def ci_role_arn(deployment: Deployment) -> str:
    """The ARN of that role."""
    return f"arn:{partition(deployment.region)}:iam::{deployment.account}:role/{ci_role_name(deployment)}"


def deploy_role(deployment: Deployment) -> str | None:
    """The role that somebody else looks after and that provisions; None if the CI role itself does."""
    role = deployment.settings.role
    return None if role == ci_role_arn(deployment) else role
