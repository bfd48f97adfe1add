"""Where the images lie that bursts build: one repository for all pools, a tag for each state of a folder."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.scope import Scope
from tideform.components.storage.burst_places import images_repository

_KEEP = 50  # images; each burst of an unchanged folder uses the one that is there


class ImageStore(Component):
    """Tags never move, images are scanned as they come, and the oldest go."""

    def __init__(self, scope: Scope, *, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("images", scope, opts)
        self.repository = aws.ecr.Repository(
            "images",
            name=images_repository(scope.deployment),
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
            encryption_configurations=[
                aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS", kms_key=key_arn)
            ],
            force_delete=True,  # whatever is in it can be built again
            tags=scope.tags(),
            opts=self.named(),
        )
        aws.ecr.LifecyclePolicy(
            "images",
            repository=self.repository.name,
            policy=json.dumps({"rules": [_RULE]}, sort_keys=True),
            opts=self.nameless,
        )


# https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
_RULE: dict[str, Any] = {
    "rulePriority": 1,
    "description": "The oldest images go",
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": _KEEP},
    "action": {"type": "expire"},
}
