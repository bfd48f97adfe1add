"""What is missing in an account, as steps that can be shown before they are carried out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import CloudError, RefusedError

if TYPE_CHECKING:
    from tideform.cloud import Cloud
    from tideform.spec.deployment import Deployment

T = TypeVar("T")


@dataclass(frozen=True)
class Trust:
    """Who may take the CI role: a GitHub repository (``OWNER/REPO``), or a principal's ARN. Neither: no role."""

    github: str | None = None
    principal: str | None = None


@dataclass(frozen=True)
class Step:
    """One change: ``resource`` is what it is about, ``what`` says it in words."""

    resource: str
    what: str
    change: Callable[[], object]


def steps(cloud: Cloud, deployment: Deployment, trust: Trust) -> tuple[Step, ...]:
    """What is missing, in the order in which it has to be made; reads only.

    Raises `RefusedError` where a bucket, role or key of that name is somebody else's, `CloudError` where AWS
    refuses to tell.
    """
    from tideform.engine.bootstrap.bucket import bucket_steps
    from tideform.engine.bootstrap.key import key_steps
    from tideform.engine.bootstrap.role import role_steps

    if deployment.target != "aws":
        raise RefusedError(_nothing_to_prepare(deployment))
    return translated(
        lambda: (
            *key_steps(cloud, deployment),
            *bucket_steps(cloud, deployment),
            *role_steps(cloud, deployment, trust),
        )
    )


def carry_out(todo: Sequence[Step], done: Callable[[Step], None] = lambda _: None) -> None:
    """Do the steps one after another. Raises `CloudError` at the first that fails; run again to go on."""
    for step in todo:
        translated(step.change)
        done(step)


def translated(call: Callable[[], T]) -> T:
    """The result of a call to AWS; its errors as ours."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call()
    except (BotoCoreError, ClientError) as error:
        raise CloudError(
            Diagnostic(
                "TD325",
                Severity.ERROR,
                "AWS refused a step of the bootstrap",
                detail=str(error),
                fix="use credentials that may administer S3, KMS and IAM; the next run goes on from here",
            )
        ) from error


def foreign(what: str, why: str) -> RefusedError:
    """Something has our name and is not ours."""
    return RefusedError(
        Diagnostic(
            "TD324",
            Severity.ERROR,
            "Something of this name belongs to somebody else",
            detail=f"{what}: {why}",
            fix="choose another name for the environment's state or project; nothing was touched",
        )
    )


def _nothing_to_prepare(deployment: Deployment) -> Diagnostic:
    return Diagnostic(
        "TD322",
        Severity.ERROR,
        "Only AWS accounts are prepared",
        detail=f"environment {deployment.environment} goes to the sandbox of this machine, which needs nothing",
        fix="name an environment of target aws with --environment",
    )
