"""What an apply did: its last lines, and the whole of it as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tideform.model.planned import Action, Outputs, Plan
from tideform.plan.stages import Stage
from tideform.views.json_plan import plan_json
from tideform.views.lines import Line, plain
from tideform.views.outputs import named, output_lines, outputs_json


def applied_lines(plan: Plan, changed: int, outputs: Mapping[str, Outputs]) -> Iterator[Line]:
    """The summary, and the outputs of the programs that the plan was about."""
    yield plain()
    if changed == 0:
        yield plain("Apply complete. Nothing had to be changed.", style="bold green")
    else:
        yield plain(f"Apply complete. Resources: {_counts(plan)}.", style="bold green")
    if values := _of_plan(plan, outputs):
        yield plain()
        yield plain("Outputs:", style="bold")
        yield from output_lines(values)


def applied_json(
    plan: Plan, changed: int, outputs: Mapping[str, Outputs], *, stages: Sequence[Stage] = ()
) -> dict[str, Any]:
    """The plan as `plan --json` prints it, with what became of it under ``tideform.result``.

    ``changed``: how many resources were touched.
    """
    shown = plan_json(plan, stages=stages)
    shown["tideform"]["result"] = {"changed": changed, "outputs": outputs_json(_of_plan(plan, outputs))}
    return shown


def _of_plan(plan: Plan, outputs: Mapping[str, Outputs]) -> dict[str, Any]:
    """The outputs of the programs that the plan was about."""
    about = {r.program for r in plan.resources} | {o.program for o in plan.outputs}
    return named({key: found for key, found in outputs.items() if key in about})


def _counts(plan: Plan) -> str:
    added = plan.count(Action.CREATE, Action.REPLACE)
    gone = plan.count(Action.DELETE, Action.REPLACE)
    return f"{added} added, {plan.count(Action.UPDATE)} changed, {gone} destroyed"
