"""What an apply did, in its last lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tideform.plan.model import Action, Outputs, Plan
from tideform.views.lines import Line, plain
from tideform.views.outputs import named, output_lines


def applied_lines(plan: Plan, changed: int, outputs: Mapping[str, Outputs]) -> Iterator[Line]:
    """The summary, and the outputs of the programs that the plan was about."""
    yield plain()
    if changed == 0:
        yield plain("Apply complete. Nothing had to be changed.", style="bold green")
    else:
        yield plain(f"Apply complete. Resources: {_counts(plan)}.", style="bold green")
    about = {r.program for r in plan.resources} | {o.program for o in plan.outputs}
    values = named({key: found for key, found in outputs.items() if key in about})
    if values:
        yield plain()
        yield plain("Outputs:", style="bold")
        yield from output_lines(values)


def _counts(plan: Plan) -> str:
    added = plan.count(Action.CREATE, Action.REPLACE)
    gone = plan.count(Action.DELETE, Action.REPLACE)
    return f"{added} added, {plan.count(Action.UPDATE)} changed, {gone} destroyed"
