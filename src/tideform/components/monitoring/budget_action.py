"""What AWS Budgets does by itself when the month is used up: our roles that launch machines may do so no longer.

It is advisory: billing data is up to a day late, so more may have been spent by then. The refusal of new bursts and
the reaper go by our own meter and are what a hard stop relies on; this one holds without either. AWS takes the policy
away again when the next month begins.
https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-controls.html
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.iam.policies import Statement, allow, document, trust
from tideform.components.iam.roles import ServiceRole
from tideform.components.reaper.launchers import launch_roles
from tideform.components.scope import Scope

PART = "budget-stop"


class BudgetStop(Component):
    """The policy that denies launching, the role that attaches it, and the action that has it done at 100 %."""

    def __init__(
        self,
        budget: aws.budgets.Budget,
        scope: Scope,
        *,
        topic_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(PART, scope, opts)
        roles = launch_roles(scope)
        name = scope.name(PART, limit=64)
        arn = scope.policy_arn(name)
        self.policy = aws.iam.Policy(
            PART,
            name=name,
            description="Denies launching more capacity in a month whose budget is used up",
            policy=document(*denials(scope)),
            tags=scope.tags(),
            opts=self.named(),
        )
        self.role = ServiceRole(
            PART,
            scope,
            trust=trust("budgets.amazonaws.com", scope.account, arn_like=_budgets(scope)),
            description="Lets AWS Budgets deny launching when the month's budget is used up",
            statements=[_attach(scope, roles, arn)],
            opts=self.nameless,
        )
        self.action = _action(budget, scope, topic_arn, roles, (self.policy, self.role), self.named())

    @staticmethod
    def wanted(scope: Scope) -> bool:
        """Whether the budget is a hard stop, and there is a role to deny launching to."""
        budget = scope.deployment.spec.budget
        return budget is not None and budget.hard_stop and bool(launch_roles(scope))


def denials(scope: Scope) -> list[Statement]:
    """Machines and fleets with our tags; groups, queues and training jobs of our names.

    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    """
    tags = {"project": scope.deployment.spec.project, "environment": scope.deployment.environment}
    asked = {"StringEquals": {f"aws:RequestTag/tideform:{key}": value for key, value in tags.items()}}
    ours = f"{scope.deployment.name}-*"
    group = scope.arn("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{ours}")
    queue = scope.arn("batch", f"job-queue/{ours}")
    job = scope.arn("sagemaker", f"training-job/{ours}")
    return [
        {**_deny("Machines", ["ec2:RunInstances", "ec2:CreateFleet"], "*"), "Condition": asked},
        _deny("Groups", ["autoscaling:SetDesiredCapacity", "autoscaling:UpdateAutoScalingGroup"], group),
        _deny("Jobs", ["batch:SubmitJob"], queue),
        _deny("TrainingJobs", ["sagemaker:CreateTrainingJob"], job),
    ]


def _deny(sid: str, actions: list[str], resource: str) -> Statement:
    return {"Sid": sid, "Effect": "Deny", "Action": actions, "Resource": resource}


def _attach(scope: Scope, roles: Sequence[str], policy_arn: str) -> Statement:
    """This one policy, on these roles: an AWS Budgets that goes wrong can attach nothing else to anybody."""
    only = {"ArnEquals": {"iam:PolicyARN": policy_arn}}
    actions = ["iam:AttachRolePolicy", "iam:DetachRolePolicy"]
    return allow("Attach", actions, [scope.role_arn(role) for role in roles], only)


def _budgets(scope: Scope) -> str:
    """https://docs.aws.amazon.com/cost-management/latest/userguide/cross-service-confused-deputy-prevention.html"""
    return f"arn:{scope.partition}:budgets::{scope.account}:budget/*"


def _action(
    budget: aws.budgets.Budget,
    scope: Scope,
    topic_arn: pulumi.Input[str],
    roles: Sequence[str],
    made: tuple[aws.iam.Policy, ServiceRole],
    opts: pulumi.ResourceOptions,
) -> aws.budgets.BudgetAction:
    policy, role = made
    applied = aws.budgets.BudgetActionDefinitionIamActionDefinitionArgs(policy_arn=policy.arn, roles=list(roles))
    return aws.budgets.BudgetAction(
        PART,
        budget_name=budget.name,
        action_type="APPLY_IAM_POLICY",
        approval_model="AUTOMATIC",
        notification_type="ACTUAL",
        action_threshold=aws.budgets.BudgetActionActionThresholdArgs(
            action_threshold_type="PERCENTAGE", action_threshold_value=100.0
        ),
        definition=aws.budgets.BudgetActionDefinitionArgs(iam_action_definition=applied),
        execution_role_arn=role.arn,
        subscribers=[aws.budgets.BudgetActionSubscriberArgs(subscription_type="SNS", address=topic_arn)],
        tags=scope.tags(),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=role.policies)),
    )
