"""AWS Budgets: budgets, and what they do by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from tideform.resources.actions import actions
from tideform.resources.base import PartOf, ResourceType
from tideform.resources.costs import FREE, by_use
from tideform.resources.identity import Inputs, text
from tideform.resources.inventory import Area, Leftover, Place, tags_of
from tideform.spec.regions import partition

if TYPE_CHECKING:
    from tideform.cloud import Cloud

_BUDGET = "aws:budgets/budget:Budget"


def budget_action(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
    """The actions of this budget with this execution role: each of ours has a role of its own."""
    client, account, name = cloud.client("budgets"), cloud.account, inputs["budgetName"]
    pages = client.get_paginator("describe_budget_actions_for_budget")
    try:
        for page in pages.paginate(AccountId=account, BudgetName=name):
            for found in page["Actions"]:
                if found["ExecutionRoleArn"] == inputs["executionRoleArn"]:
                    yield f"{account}:{found['ActionId']}:{name}"
    except client.exceptions.NotFoundException:
        return


def budgets(place: Place) -> Iterator[Leftover]:
    """Budgets."""
    for found in place.pages("budgets", "describe_budgets", "Budgets", AccountId=place.cloud.account):
        name = found["BudgetName"]
        yield from place.claim(Leftover("budgets", "budget", name), name, partial(_budget_tags, place, name))


def _budget_tags(place: Place, name: str) -> dict[str, str]:
    arn = f"arn:{partition(place.deployment.region)}:budgets::{place.cloud.account}:budget/{name}"
    return tags_of(place.cloud.client("budgets").list_tags_for_resource(ResourceARN=arn), "ResourceTags")


TYPES = (
    ResourceType(
        _BUDGET,
        terraform="aws_budgets_budget",
        identify=text("{account}:{name}"),
        cost=FREE,
        inventory=Area("budgets", budgets),
        actions=actions(
            "budgets",
            create="ModifyBudget",
            read="ViewBudget ListTagsForResource",
            update="ModifyBudget",
            delete="ModifyBudget",
            tag="TagResource UntagResource",
        ),
    ),
    ResourceType(
        "aws:budgets/budgetAction:BudgetAction",
        terraform="aws_budgets_budget_action",
        identify=budget_action,
        # By the day, and only from the account's third on, which no plan can know of:
        # https://aws.amazon.com/aws-cost-management/aws-budgets/pricing/
        cost=by_use("budget action", "an account's first two budgets with actions are free, then 0.10 USD a day each"),
        inventory=PartOf(_BUDGET),
        actions=actions(
            "budgets",
            create="CreateBudgetAction",
            read="DescribeBudgetAction DescribeBudgetActionsForBudget ListTagsForResource",
            update="UpdateBudgetAction",
            delete="DeleteBudgetAction",
            tag="TagResource UntagResource",
            passes=("budgets",),
        ),
    ),
)
