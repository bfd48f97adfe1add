"""Where in the bursts' bucket code and checkpoints lie, and what a pool's job may do there. Pure."""

from __future__ import annotations

from tideform.components.iam.policies import Statement, allow
from tideform.components.names import BURSTS
from tideform.components.scope import Scope
from tideform.spec.deployment import Deployment

CHECKPOINTS = "checkpoints/"


def bursts_bucket(deployment: Deployment) -> str:
    """The bucket that foundation makes where there are pools."""
    return deployment.unique_name(BURSTS)


def images_repository(deployment: Deployment) -> str:
    """The ECR repository that foundation makes where a pool builds its image; Amazon ECR allows 256 characters."""
    return deployment.physical_name("tideform-images", limit=256)


def code_key(digest: str) -> str:
    """The key of an archive, by the SHA-256 of its bytes."""
    return f"code/{digest}.tar.gz"


def checkpoints_uri(deployment: Deployment, pool: str) -> str:
    """``s3://…/checkpoints/<pool>``; each run has a folder below. A renamed pool keeps the place it had."""
    unit = deployment.identity("training", pool)
    return f"s3://{bursts_bucket(deployment)}/{_checkpoints(unit)}"


def work_with_bursts(scope: Scope, unit: str) -> list[Statement]:
    """Fetch code; read, write and rotate the pool's own checkpoints, and nobody else's."""
    bucket, own = bursts_bucket(scope.deployment), _checkpoints(unit)
    objects = [scope.bucket_arn(bucket, f"{own}/*")]
    only_own = {"StringLike": {"s3:prefix": [f"{own}/*"]}}
    return [
        allow("FetchCode", ["s3:GetObject"], [scope.bucket_arn(bucket, "code/*")]),
        allow("ListCheckpoints", ["s3:ListBucket"], [scope.bucket_arn(bucket)], only_own),
        allow("KeepCheckpoints", _KEEP, objects),
    ]


_KEEP = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]


def _checkpoints(unit: str) -> str:
    return f"{CHECKPOINTS}{unit}"
