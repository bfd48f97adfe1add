"""An IAM role with its one inline policy."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.iam.policies import Statement, document
from tideform.components.scope import Scope
from tideform.errors import RefusedError

# All inline policies of a role together, in characters without white space.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
_MOST = 10_240
_DENIED = 512  # what a brake puts beside


class ServiceRole(Component):
    """A role that a service takes, allowed what ``statements`` say and nothing more.

    On a ``braked`` one a brake may put policies that deny; they go with it.
    """

    def __init__(
        self,
        part: str,
        scope: Scope,
        *,
        trust: str,
        description: str,
        statements: list[Statement],
        managed: tuple[str, ...] = (),
        braked: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(part, scope, opts)
        name = scope.name(part, limit=64)
        self.role = aws.iam.Role(
            part,
            name=name,
            description=description,
            assume_role_policy=trust,
            force_detach_policies=True if braked else None,
            tags=scope.tags(),
            opts=self.named(),
        )
        self.policies: list[pulumi.Resource] = [self._attach(part, policy) for policy in managed]
        if statements:
            text = document(*statements)
            require_room(name, text, braked=braked)
            self.policies.append(
                aws.iam.RolePolicy(part, name=name, role=self.role.name, policy=text, opts=self.named())
            )

    @property
    def arn(self) -> pulumi.Output[str]:
        return self.role.arn

    def _attach(self, part: str, policy: str) -> aws.iam.RolePolicyAttachment:
        return aws.iam.RolePolicyAttachment(
            f"{part}-{policy.rpartition('/')[2]}",
            role=self.role.name,
            policy_arn=f"arn:{self.scope.partition}:iam::aws:policy/{policy}",
            opts=self.named(),
        )


def require_room(role: str, policy: str, *, braked: bool) -> None:
    """Raises `RefusedError` TD694 for a policy that IAM would not take, or not beside a brake's, in the apply."""
    most = _MOST - _DENIED if braked else _MOST
    if (size := sum(not char.isspace() for char in policy)) > most:
        raise RefusedError.of(
            "TD694",
            "A role has too many rights to write down",
            detail=f"The policy of {role} has {size:,} characters, and IAM takes {most:,}: it names each pool or store "
            "that the role is for.",
            fix="Give the environment fewer pools or stores: move some into a project of their own.",
        )
