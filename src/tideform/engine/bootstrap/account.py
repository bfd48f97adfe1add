"""Whose account is it: asked before anything is planned or made on AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import CloudError, RefusedError

if TYPE_CHECKING:
    from tideform.cloud import Cloud
    from tideform.spec.deployment import Deployment


def check_account(cloud: Cloud, deployment: Deployment) -> str:
    """The caller's ARN, if it belongs to the environment's account.

    Raises `RefusedError` (TD320) for any other account, `CloudError` (TD321) where AWS does not say who
    calls.
    """
    caller = _caller(cloud)
    if caller["Account"] != deployment.account:
        raise RefusedError(_wrong(caller, deployment))
    return str(caller["Arn"])


def _caller(cloud: Cloud) -> dict[str, str]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return dict(cloud.client("sts").get_caller_identity())
    except (BotoCoreError, ClientError) as error:
        raise CloudError(
            Diagnostic(
                "TD321",
                Severity.ERROR,
                "AWS does not say who is calling",
                detail=f"sts:GetCallerIdentity: {error}",
                fix="sign in (aws sso login), or set the environment's profile, or AWS_PROFILE",
            )
        ) from error


def _wrong(caller: dict[str, str], deployment: Deployment) -> Diagnostic:
    return Diagnostic(
        "TD320",
        Severity.ERROR,
        "These credentials belong to another AWS account",
        detail=(
            f"environment {deployment.environment} is account {deployment.account}, and {caller['Arn']} is in "
            f"account {caller['Account']}"
        ),
        fix="use credentials of the environment's account: its profile, its role, or AWS_PROFILE",
        path=f"environments.{deployment.environment}.account",
    )
