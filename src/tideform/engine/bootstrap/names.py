"""The names of what bootstrap makes; all follow from the environment's ``state`` and the project. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from tideform.spec.deployment import Deployment


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


def partition(region: str) -> str:
    """``aws``, or the partition of China or GovCloud."""
    known = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((name for start, name in known.items() if region.startswith(start)), "aws")
