"""How the sandbox's status, its variables and a reset are told."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from tideform.local.stored_only import STORED_ONLY
from tideform.times import utc


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


def clock_line(clock: Mapping[str, Any]) -> str:
    """What time it is in the sandbox."""
    ahead = f", {_duration(clock['offset'])} ahead of this machine" if clock["offset"] else ""
    return f"It is {utc(clock['now'])} in the sandbox{ahead}."


def market_lines(market: Mapping[str, Any]) -> list[str]:
    """What holds on the capacity market; the words are those of the command that changes it."""
    markets = {True: "spot", False: "on-demand", None: "both"}
    lines = [
        f"  lack      {lack['types']} in {lack['zone']} ({markets[lack['spot']]})"
        + (f" until {utc(lack['until'])}" if lack["until"] is not None else "")
        for lack in market["lacks"]
    ]
    lines += [
        f"  quota     {'spot:' if quota['spot'] else ''}{quota['family']}={quota['limit']}"
        for quota in market["quotas"]
    ]
    lines += [f"  slow      {slow['types']}: {_duration(slow['seconds'])}" for slow in market["slow"]]
    throttle = market["throttle"]
    if throttle["calls"]:
        lines.append(f"  throttle  the next {throttle['calls']} calls")
    if throttle["share"]:
        lines.append(f"  throttle  {throttle['share']:.0%} of all calls, seed {throttle['seed']}")
    ending = {name: notice for name, notice in market["notices"].items() if notice["at"] > market["now"]}
    lines += [f"  reclaim   {name} ends at {utc(notice['at'])}" for name, notice in ending.items()]
    return [f"At {utc(market['now'])}:", *lines] if lines else ["Everything can be had at once."]


def bill_lines(bill: Mapping[str, Any]) -> list[str]:
    """Machines, pools and the total; spot prices are emulated, and the bill says so."""
    if not bill["machines"]:
        return ["Nothing has run."]
    lines = [
        f"  {one['id']:<21} {one['type']:<16} {one['zone']:<12} {'spot' if one['spot'] else 'on-demand':<10}"
        f" {_duration(one['seconds']):>12} {_usd(one)}"
        for one in bill["machines"]
    ]
    pools = [f"  {name or 'of no pool':<21} {dollars:.4f} USD" for name, dollars in sorted(bill["pools"].items())]
    total = (
        f"Total: {bill['total']:.4f} USD up to {utc(bill['now'])}, at list prices; spot is emulated at 35 % of them."
    )
    return ["Machines:", *lines, "Pools:", *pools, total]


def _usd(machine: Mapping[str, Any]) -> str:
    return "no price known" if machine["hourly"] is None else f"{machine['dollars']:>10.4f} USD"


def reset_line(environments: tuple[str, ...]) -> str:
    """What a reset throws away."""
    if not environments:
        return "The sandbox and everything in it; no environment has local state."
    return f"The sandbox, everything in it, and the local state of: {', '.join(environments)}."


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
