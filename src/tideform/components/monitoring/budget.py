"""The project's monthly budget at AWS: late by hours, but it sees everything that carries our tag."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tideform.components.scope import Scope
from tideform.spec.project import Budget


def monthly_budget(
    budget: Budget, scope: Scope, *, topic_arn: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> aws.budgets.Budget:
    """Alerts at each percentage of the month's amount.

    The filter works once ``tideform:project`` is activated as a cost allocation tag of the account.
    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
    """
    tag = f"user:tideform:project${scope.deployment.spec.project}"
    return aws.budgets.Budget(
        "monthly",
        name=scope.name("monthly", limit=100),
        budget_type="COST",
        time_unit="MONTHLY",
        limit_amount=f"{budget.monthly.usd:.2f}",
        limit_unit="USD",
        cost_filters=[aws.budgets.BudgetCostFilterArgs(name="TagKeyValue", values=[tag])],
        notifications=[
            aws.budgets.BudgetNotificationArgs(
                notification_type="ACTUAL",
                comparison_operator="GREATER_THAN",
                threshold=float(alert.value),
                threshold_type="PERCENTAGE",
                subscriber_sns_topic_arns=[topic_arn],
            )
            for alert in dict.fromkeys(budget.alerts)  # AWS refuses the same one twice
        ],
        tags=scope.tags(),
        opts=opts,
    )
