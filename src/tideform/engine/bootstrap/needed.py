"""What whoever provisions has to be allowed, by the types that the stacks consist of (`tideform.resources`). Pure.

Most services are allowed as a whole, in one region. IAM, S3 and AWS Budgets are not of a region: what is allowed of
them is narrowed by the names of the project instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tideform.resources.actions import Actions
from tideform.resources.registry import all_types

_OF_NO_REGION: Final = frozenset({"budgets", "iam", "s3"})
# No type is of these: Batch starts tasks in a cluster of ECS, and bursts send commands and read parameters by SSM.
_BESIDES: Final = frozenset({"ecs", "ssm"})
_ROLE: Final = "aws:iam/role:Role"
_ON_ROLES: Final = ("aws:iam/rolePolicy:RolePolicy", "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
_PROFILE: Final = "aws:iam/instanceProfile:InstanceProfile"
_POLICY: Final = "aws:iam/policy:Policy"


def services() -> list[str]:
    """Those that are allowed as a whole."""
    named = {action.partition(":")[0] for each in _all() for action in each.all}
    return sorted((named | _BESIDES) - _OF_NO_REGION)


def passed_to() -> list[str]:
    """The services that roles are passed to, without ``.amazonaws.com``."""
    return sorted({principal for each in _all() for principal in each.passes})


def role_changes() -> list[str]:
    """What changes or ends a role that stands: what the CI role must not do to itself."""
    role = _of(_ROLE)
    parts = [action for token in _ON_ROLES for action in (*_of(token).create, *_of(token).update, *_of(token).delete)]
    return sorted({*role.update, *_changing(role.delete), *role.tag, *parts})


def role_uses() -> list[str]:
    """What else is done with roles, their policies and the profiles that carry them."""
    named = {action for token in (_ROLE, *_ON_ROLES, _PROFILE) for action in _but_searches(_of(token))}
    return sorted(named - {*role_changes()})


def policy_actions() -> list[str]:
    """What is done with policies of the account."""
    return sorted(_but_searches(_of(_POLICY)))


def searches() -> list[str]:
    """A receipt asks every service what is left, and these take no narrower resource."""
    named = {action for each in _all() for action in each.search if action.startswith(("iam:", "s3:"))}
    return sorted({*named, "sts:GetCallerIdentity", "tag:GetResources"})


def _but_searches(needed: Actions) -> frozenset[str]:
    return needed.all - {*needed.search}


def _changing(named: tuple[str, ...]) -> Iterator[str]:
    return (action for action in named if not action.startswith("iam:List"))


def _of(token: str) -> Actions:
    return all_types()[token].actions


def _all() -> Iterator[Actions]:
    return (each.actions for each in all_types().values())
