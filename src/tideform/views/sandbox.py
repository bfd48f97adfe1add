"""How the sandbox's status, its variables and a reset are told."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from tideform.sandbox.stored_only import STORED_ONLY


def status_lines(endpoint: str, status: Mapping[str, Any]) -> list[str]:
    """The running sandbox: where, since when, what runs, and what is stored without behaviour."""
    lines = [
        f"Sandbox at {endpoint}, boot {status['boot_id']}, up {_duration(status['uptime'])}",
    ]
    if status["clock_offset"]:
        lines.append(f"Its clock is {_duration(status['clock_offset'])} ahead.")
    lines += ["", f"Instances: {len(status['instances'])}"]
    lines += [f"  {one['id']}  {one['type']}  {one['state']}  {one['region']}" for one in status["instances"]]
    lines += [f"Jobs: {len(status['jobs'])}"]
    lines += [f"  {one['id']}  {one['name']}  {one['status']}  {one['queue']}" for one in status["jobs"]]
    return [*lines, "", *stored_only_lines()]


def stored_only_lines() -> list[str]:
    """The table of what has no behaviour."""
    width = max(len(f"{row.service}: {row.what}") for row in STORED_ONLY)
    rows = (f"  {f'{row.service}: {row.what}':<{width}}  {row.missing}" for row in STORED_ONLY)
    return ["Stored and given back, without behaviour:", *rows]


def export_lines(variables: Mapping[str, str]) -> list[str]:
    """Lines for ``eval "$(tideform sandbox env)"``."""
    return [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]


def reset_line(environments: tuple[str, ...]) -> str:
    """What a reset throws away."""
    if not environments:
        return "The sandbox and everything in it; no environment has local state."
    return f"The sandbox, everything in it, and the local state of: {', '.join(environments)}."


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
