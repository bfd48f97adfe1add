"""The budget action as a brake: advisory, since AWS Budgets learns of spending up to a day late.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_DescribeBudgetActionsForBudget.html
"""

from __future__ import annotations

from tideform.burst.brakes import Brake, Kind
from tideform.burst.month import hard_stop
from tideform.cloud import Cloud
from tideform.components.reaper.launchers import launch_roles
from tideform.components.scope import Scope
from tideform.spec.deployment import Deployment


def budget_brakes(cloud: Cloud, deployment: Deployment) -> tuple[Brake, ...]:
    """The one brake where the budget is a hard stop and a role of ours launches machines; else none."""
    if hard_stop(deployment) is None or not launch_roles(Scope(deployment, "monitoring")):
        return ()
    return (
        Brake(
            "budget action",
            Kind.ADVISORY,
            "AWS Budgets denies launching when it learns that the month is used up, up to a day late",
            lambda: _missing(cloud, deployment),
        ),
    )


def _missing(cloud: Cloud, deployment: Deployment) -> str:
    from tideform.burst.runner import cloud_errors  # which imports the words of brakes itself

    name, budgets = deployment.physical_name("monthly", limit=100), cloud.client("budgets")
    with cloud_errors("the budget's action was looked for"):
        try:
            answer = budgets.describe_budget_actions_for_budget(AccountId=cloud.account, BudgetName=name)
        except budgets.exceptions.NotFoundException:
            return f"there is no budget {name}"
    stops = [action for action in answer["Actions"] if action["ActionType"] == "APPLY_IAM_POLICY"]
    if not stops:
        return f"the budget {name} has no action that denies launching"
    failed = [action["Status"] for action in stops if action["Status"].endswith("_FAILURE")]
    return f"the action of the budget {name} failed: {failed[0]}" if failed else ""
