"""What foundation offers to the programs after it: where to run, and which key to use."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from tideform.components.program import upstream


@dataclass(frozen=True)
class Site:
    """The private subnets, the workloads' security group, and the project's key."""

    subnet_ids: pulumi.Input[list[pulumi.Input[str]]]
    security_group_id: pulumi.Input[str]
    key_arn: pulumi.Input[str]

    @classmethod
    def of_foundation(cls) -> Site:
        """As foundation exports it."""
        foundation = upstream("foundation")
        return cls(
            subnet_ids=foundation["private_subnet_ids"],
            security_group_id=foundation["workload_security_group_id"],
            key_arn=foundation["kms_key_arn"],
        )
