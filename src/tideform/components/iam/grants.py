"""What roles are allowed to do with our buckets and our key, as policy statements. Pure.

Bucket names follow from the deployment, and the key is named by its alias, so a plan shows these documents whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tideform.components.iam.policies import Statement, allow
from tideform.components.jobs.environment import secret_arn
from tideform.components.scope import Scope


def read(scope: Scope, buckets: Sequence[str]) -> list[Statement]:
    """List these buckets and read what is in them, old versions too."""
    if not buckets:
        return []
    objects = [scope.bucket_arn(bucket, "*") for bucket in buckets]
    return [_list("ListInputs", scope, buckets), allow("ReadInputs", _READ, objects)]


def read_write(scope: Scope, buckets: Sequence[str]) -> list[Statement]:
    """List, read and write; never delete: what a job replaces stays as an old version."""
    if not buckets:
        return []
    objects = [scope.bucket_arn(bucket, "*") for bucket in buckets]
    return [_list("ListOutputs", scope, buckets), allow("WriteOutputs", [*_READ, *_WRITE], objects)]


def fetch_secrets(scope: Scope, references: Iterable[str]) -> list[Statement]:
    """Read the secrets that a job names, and no others; AWS ends their ARNs with six characters of its own."""
    arns = [f"{secret_arn(name, scope)}-??????" for name in sorted(references)]
    return [allow("FetchSecrets", ["secretsmanager:GetSecretValue"], arns)] if arns else []


def use_key(scope: Scope) -> Statement:
    """Encrypt and decrypt with the project's key.

    https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    """
    return allow(
        "UseKey",
        ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
        [scope.arn("kms", "key/*")],
        our_key(scope),
    )


def grant_key(scope: Scope) -> Statement:
    """Let AWS services use the key for disks that they attach on the role's behalf, and for nothing else."""
    condition = {**our_key(scope), "Bool": {"kms:GrantIsForAWSResource": "true"}}
    return allow("GrantKeyToServices", ["kms:CreateGrant"], [scope.arn("kms", "key/*")], condition)


def pull_images(scope: Scope, image: str) -> list[Statement]:
    """Pull one image, if it lies in a private registry of Amazon ECR; any other registry asks for no AWS rights.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/ECR_on_ECS.html
    """
    found = _ECR_IMAGE.match(image)
    if found is None:
        return []
    repository = f"arn:{scope.partition}:ecr:{found['region']}:{found['account']}:repository/{found['repository']}"
    return [
        allow("Pull", PULL, [repository]),
        allow("Login", ["ecr:GetAuthorizationToken"], ["*"]),  # ECR takes no resource here
    ]


def our_key(scope: Scope) -> dict[str, dict[str, str]]:
    """The condition that picks the project's key out of the account's."""
    return {"ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{scope.deployment.name}"}}


PULL = ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]
_ECR_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/(?P<repository>[^:@]+)"
)
_READ = ["s3:GetObject", "s3:GetObjectVersion"]
_WRITE = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]


def _list(sid: str, scope: Scope, buckets: Sequence[str]) -> Statement:
    actions = ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
    return allow(sid, actions, [scope.bucket_arn(bucket) for bucket in buckets])
