"""ECR: repositories, and what they keep."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tideform.resources.actions import actions
from tideform.resources.base import PartOf, ResourceType
from tideform.resources.costs import FREE, by_use
from tideform.resources.identity import named
from tideform.resources.inventory import Area, Leftover, Place, tags_of

_REPOSITORY = "aws:ecr/repository:Repository"


def repositories(place: Place) -> Iterator[Leftover]:
    """ECR repositories."""
    for found in place.pages("ecr", "describe_repositories", "repositories"):
        name, arn = found["repositoryName"], found["repositoryArn"]
        repository = Leftover("ecr", "repository", name, note="billed by what it holds")
        yield from place.claim(repository, name, partial(_repository_tags, place, arn))


def _repository_tags(place: Place, arn: str) -> dict[str, str]:
    return tags_of(place.cloud.client("ecr").list_tags_for_resource(resourceArn=arn), "tags")


TYPES = (
    ResourceType(
        _REPOSITORY,
        terraform="aws_ecr_repository",
        identify=named("name"),
        cost=by_use("image storage"),
        inventory=Area("ECR repositories", repositories),
        actions=actions(
            "ecr",
            # Under a key of ours ECR takes two grants in the caller's name:
            # https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
            create="CreateRepository kms:CreateGrant kms:DescribeKey",
            read="DescribeRepositories ListTagsForResource",
            update="PutImageTagMutability PutImageScanningConfiguration",
            delete="DeleteRepository kms:RetireGrant",
            tag="TagResource UntagResource",
        ),
    ),
    ResourceType(
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        terraform="aws_ecr_lifecycle_policy",
        identify=named("repository"),
        cost=FREE,
        inventory=PartOf(_REPOSITORY),
        actions=actions(
            "ecr",
            create="PutLifecyclePolicy",
            read="GetLifecyclePolicy",
            update="PutLifecyclePolicy",
            delete="DeleteLifecyclePolicy",
        ),
    ),
)
