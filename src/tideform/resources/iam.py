"""IAM: roles with their policies, instance profiles, and policies of the account."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from tideform.resources.actions import actions
from tideform.resources.base import PartOf, ResourceType, Taken
from tideform.resources.costs import FREE
from tideform.resources.identity import named, text
from tideform.resources.inventory import Area, Leftover, Place, Tags, pairs, tags_of

if TYPE_CHECKING:
    from tideform.cloud import Cloud

_ROLE = "aws:iam/role:Role"


def roles(place: Place) -> Iterator[Leftover]:
    """IAM roles; listing them does not tell their tags."""
    for found in place.pages("iam", "list_roles", "Roles"):
        name = found["RoleName"]
        yield from place.claim(Leftover("iam", "role", name), name, partial(role_tags, place, name))


def role_tags(place: Place, name: str) -> dict[str, str]:
    """A role's tags. Raises `NoSuchEntityException` where there is none."""
    return pairs(place.pages("iam", "list_role_tags", "Tags", RoleName=name))


def profiles(place: Place) -> Iterator[Leftover]:
    """IAM instance profiles; listing them does not tell their tags."""
    for found in place.pages("iam", "list_instance_profiles", "InstanceProfiles"):
        name = found["InstanceProfileName"]
        yield from place.claim(Leftover("iam", "instance profile", name), name, partial(_profile_tags, place, name))


def _profile_tags(place: Place, name: str) -> dict[str, str]:
    found = place.cloud.client("iam").get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    return tags_of(found)


def policies(place: Place) -> Iterator[Leftover]:
    """The account's own IAM policies; listing them does not tell their tags."""
    for found in place.pages("iam", "list_policies", "Policies", Scope="Local"):
        name, tags = found["PolicyName"], partial(_policy_tags, place, found["Arn"])
        yield from place.claim(Leftover("iam", "policy", name), name, tags)


def _policy_tags(place: Place, arn: str) -> dict[str, str]:
    return pairs(place.pages("iam", "list_policy_tags", "Tags", PolicyArn=arn))


def _taken_by(cloud: Cloud, name: str) -> Tags:
    return tags_of(cloud.client("iam").get_role(RoleName=name)["Role"])


TYPES = (
    ResourceType(
        _ROLE,
        terraform="aws_iam_role",
        identify=named("name"),
        cost=FREE,
        inventory=Area("IAM roles", roles),
        actions=actions(
            "iam",
            create="CreateRole",
            read="GetRole ListRoleTags ListRolePolicies ListAttachedRolePolicies",
            update="UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy",
            delete="DeleteRole ListInstanceProfilesForRole",
            tag="TagRole UntagRole",
            search="ListRoles",
        ),
        in_units=True,
        taken=Taken("name", _taken_by),
    ),
    ResourceType(
        "aws:iam/rolePolicy:RolePolicy",
        terraform="aws_iam_role_policy",
        identify=text("{role}:{name}"),
        cost=FREE,
        inventory=PartOf(_ROLE),
        actions=actions(
            "iam", create="PutRolePolicy", read="GetRolePolicy", update="PutRolePolicy", delete="DeleteRolePolicy"
        ),
    ),
    ResourceType(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        terraform="aws_iam_role_policy_attachment",
        identify=text("{role}/{policyArn}"),
        cost=FREE,
        inventory=PartOf(_ROLE),
        actions=actions("iam", create="AttachRolePolicy", read="ListAttachedRolePolicies", delete="DetachRolePolicy"),
    ),
    ResourceType(
        "aws:iam/policy:Policy",
        terraform="aws_iam_policy",
        identify=text("arn:{partition}:iam::{account}:policy/{name}"),
        cost=FREE,
        inventory=Area("IAM policies", policies),
        actions=actions(
            "iam",
            create="CreatePolicy",
            read="GetPolicy GetPolicyVersion ListPolicyVersions ListPolicyTags",
            update="CreatePolicyVersion DeletePolicyVersion",
            delete="DeletePolicy",
            tag="TagPolicy UntagPolicy",
            search="ListPolicies",
        ),
    ),
    ResourceType(
        "aws:iam/instanceProfile:InstanceProfile",
        terraform="aws_iam_instance_profile",
        identify=named("name"),
        cost=FREE,
        inventory=Area("IAM instance profiles", profiles),
        actions=actions(
            "iam",
            create="CreateInstanceProfile AddRoleToInstanceProfile",
            read="GetInstanceProfile",
            update="AddRoleToInstanceProfile RemoveRoleFromInstanceProfile",
            delete="DeleteInstanceProfile RemoveRoleFromInstanceProfile",
            tag="TagInstanceProfile UntagInstanceProfile",
            search="ListInstanceProfiles",
            passes=("ec2",),
        ),
        in_units=True,
    ),
)
