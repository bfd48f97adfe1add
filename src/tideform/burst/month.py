"""The month's hard stop: in a month whose budget is used up, no burst begins.

What counts is our own meter of all pools (`reaper.meter`): it is minutes old, where billing data is up to a day.
"""

from __future__ import annotations

from tideform.burst.runner import cloud_errors
from tideform.burst.table import LeaseTable
from tideform.errors import RefusedError
from tideform.reaper.decide import Budget
from tideform.reaper.ledger import Ledger, spent_in_month
from tideform.reaper.prices import SpotPrices
from tideform.spec.deployment import Deployment


def hard_stop(deployment: Deployment) -> float | None:
    """USD that a month may cost; None where the budget only alerts, or there is none."""
    budget = deployment.spec.budget
    return float(budget.monthly.usd) if budget is not None and budget.hard_stop else None


def require_budget(table: LeaseTable, stop_usd: float | None, now: float) -> None:
    """Raise `RefusedError` TD620 where the month's budget is used up, `CloudError` where the table cannot be read."""
    if stop_usd is None:
        return
    with cloud_errors("the month's cost was looked for"):
        accounts = Ledger(table.items, SpotPrices(table.cloud)).all()
    month = Budget(stop_usd, spent_in_month(accounts.values(), now))
    if month.used_up:
        raise RefusedError.of(
            "TD620",
            "The month's budget is used up",
            detail=f"The bursts of all pools have cost {month.usd:.2f} USD this month, and `budget.monthly` is "
            f"{stop_usd:.2f} USD with `hard_stop`.",
            fix="Raise `budget.monthly` or turn `budget.hard_stop` off, run `tideform apply`, and start it again; "
            "or wait for the next month (UTC).",
        )
