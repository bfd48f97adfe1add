"""A plan as JSON in Terraform's plan representation, so that tools which read Terraform plans can read ours.

Format: https://developer.hashicorp.com/terraform/internals/json-format; what it has no place for stands under
``tideform``. Unknown values are left out of ``after`` and marked in ``after_unknown``; sensitive ones are
null, marked in ``before_sensitive`` and ``after_sensitive``, and never in clear.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, TextIO

from tideform import __version__
from tideform.model.planned import (
    SECRET,
    UNKNOWN,
    Action,
    OutputChange,
    Plan,
    PlannedResource,
    PoolChoice,
    terraform_type,
)
from tideform.plan.stages import Stage
from tideform.prices.book import HOURS_A_MONTH
from tideform.resources.registry import type_of
from tideform.views.costs import hourly, standing
from tideform.views.diagnostics import as_json
from tideform.views.order import in_order, program_order
from tideform.views.property_path import parse

FORMAT_VERSION: Final = "1.2"
_ACTIONS: Final = {
    Action.NO_OP: ["no-op"],
    Action.CREATE: ["create"],
    Action.UPDATE: ["update"],
    Action.DELETE: ["delete"],
    Action.READ: ["read"],
    Action.IMPORT: ["no-op"],  # Terraform says so, and names the id under ``importing``
}


def plan_json(plan: Plan, *, stages: Sequence[Stage] = ()) -> dict[str, Any]:
    """The whole plan as JSON-ready data, in an order that does not vary."""
    outputs = sorted(plan.outputs, key=lambda o: (program_order(o.program), o.name))
    resources = in_order(plan.resources)
    return {
        "format_version": FORMAT_VERSION,
        "tideform_version": __version__,
        "applyable": plan.has_changes,
        "complete": not plan.deferred,
        "errored": False,
        "planned_values": {
            "outputs": {_output_name(o): _planned_output(o) for o in outputs if o.after is not None},
            "root_module": {"resources": [_planned(r) for r in resources if r.after is not None]},
        },
        "resource_changes": [resource_change(r) for r in resources],
        "resource_drift": [resource_change(r) for r in in_order(plan.refreshed)],
        "output_changes": {_output_name(o): _output_change(o) for o in outputs},
        "tideform": _own(plan, stages),
    }


def resource_change(resource: PlannedResource) -> dict[str, Any]:
    """One entry of ``resource_changes`` or ``resource_drift``."""
    change: dict[str, Any] = {
        "actions": actions(resource),
        "before": known(resource.before),
        "after": known(resource.after),
        "after_unknown": {} if resource.after is None else marked(resource.after, UNKNOWN),
        "before_sensitive": False if resource.before is None else marked(resource.before, SECRET),
        "after_sensitive": False if resource.after is None else marked(resource.after, SECRET),
    }
    if paths := _replace_paths(resource):
        change["replace_paths"] = paths
    if resource.action is Action.IMPORT:
        change["importing"] = {"id": resource.id}
    reason = {
        Action.REPLACE: "replace_because_cannot_update",
        Action.DELETE: "delete_because_no_resource_config",
    }.get(resource.action)
    return {**_identity(resource), "change": change} | ({"action_reason": reason} if reason else {})


def actions(resource: PlannedResource) -> list[str]:
    """Terraform's list of actions; a replacement is two, in the order in which they happen."""
    if resource.action is Action.REPLACE:
        return ["delete", "create"] if resource.delete_before_replace else ["create", "delete"]
    return list(_ACTIONS[resource.action])


def known(value: Any) -> Any:
    """The value without what is unknown or sensitive: left out of maps, null in lists (places must hold)."""
    if isinstance(value, Mapping):
        return {str(k): known(v) for k, v in sorted(value.items()) if v is not UNKNOWN}
    if isinstance(value, list | tuple):
        return [known(v) for v in value]
    if value is UNKNOWN or value is SECRET:
        return None
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def marked(value: Any, marker: object) -> Any:
    """``true`` wherever the value is ``marker``, in the shape of the value; empty where it is nowhere."""
    if isinstance(value, Mapping):
        inside = {str(k): marked(v, marker) for k, v in sorted(value.items())}
        return {k: v for k, v in inside.items() if v not in (False, {}, [])}
    if isinstance(value, list | tuple):
        items = [marked(v, marker) for v in value]
        return items if any(i not in (False, {}, []) for i in items) else []
    return value is marker


def _identity(resource: PlannedResource) -> dict[str, Any]:
    return {
        "address": resource.address,
        "mode": "managed",
        "type": _type(resource.type),
        "name": resource.name,
        "provider_name": f"pulumi/{resource.type.split(':')[0]}",
    }


def _type(token: str) -> str:
    """As the vendor's Terraform provider calls it, by which policies for Terraform's plans select."""
    kind = type_of(token)
    return kind.terraform if kind else terraform_type(token)


def _planned(resource: PlannedResource) -> dict[str, Any]:
    sensitive = marked(resource.after, SECRET)
    return {**_identity(resource), "values": known(resource.after), "sensitive_values": sensitive}


def _replace_paths(resource: PlannedResource) -> list[list[str | int]]:
    if resource.action is not Action.REPLACE:
        return []
    forced = {parse(c.path) for c in resource.changes if c.forces_replacement}
    whole = {parse(k) for k in resource.replace_keys}
    outer = {p for p in whole if not any(f[: len(p)] == p for f in forced)}
    return [list(p) for p in sorted(forced | outer, key=repr)]


def _output_name(output: OutputChange) -> str:
    return f"{output.program}.{output.name}"


def _planned_output(output: OutputChange) -> dict[str, Any]:
    value = {} if output.after is UNKNOWN else {"value": known(output.after)}
    return {"sensitive": output.after is SECRET, **value}


def _output_change(output: OutputChange) -> dict[str, Any]:
    return {
        "actions": list(_ACTIONS[output.action]),
        "before": known(output.before),
        "after": known(output.after),
        "after_unknown": marked(output.after, UNKNOWN),
        "before_sensitive": marked(output.before, SECRET),
        "after_sensitive": marked(output.after, SECRET),
    }


def _own(plan: Plan, stages: Sequence[Stage]) -> dict[str, Any]:
    return {
        "project": plan.project,
        "environment": plan.environment,
        "target": plan.target,
        "account": plan.account,
        "region": plan.region,
        "offline": plan.offline,
        "findings": as_json(plan.findings),
        "cost": cost_json(plan),
        "stages": [stage_json(s) for s in stages],
        "deferred": [{"program": d.program, "reason": d.reason} for d in plan.deferred],
        "dormant": [{"program": d.program, "reason": d.reason, "resources": d.resources} for d in plan.dormant],
        "pools": [_pool(p) for p in plan.pools],
        "removed": sorted(plan.removed_programs, key=program_order),
        "not_emulated": sorted(set(plan.meta.get("not_emulated", ()))),
    }


def _pool(pool: PoolChoice) -> dict[str, Any]:
    left_out = [{"type": name, "why": why} for name, why in pool.left_out]
    return {
        "program": pool.program,
        "machines": pool.machines,
        "ladder": list(pool.ladder),
        "left_out": left_out,
        "worst_case": pool.worst,
    }


def cost_json(plan: Plan) -> dict[str, Any]:
    """What stands after the apply costs, in USD; ``hourly`` is null for what is priced by use."""
    lines = standing(plan)
    total = hourly(lines)
    return {
        "currency": "USD",
        "hourly": round(total, 6),
        "monthly": round(total * HOURS_A_MONTH, 2),
        "lines": [{"address": p.address, "item": p.item, "hourly": p.hourly, "note": p.note} for p in lines],
    }


def stage_json(stage: Stage) -> dict[str, Any]:
    """One stage as ``explain --json`` prints it too."""
    return {"level": stage.level, "action": stage.action, "program": stage.program.key, "why": stage.why}


def write_json(data: Any, file: TextIO | None = None) -> None:
    """Print JSON as it is, on stdout if nothing else is named: escaped to ASCII, so it can carry no escape codes."""
    print(json.dumps(data, indent=2), file=file or sys.stdout)  # a view
