"""The market's script as JSON, over ``/tideform/market``: what is asked for, and what holds.

::

    {"lack": [{"types": "g5", "zone": "us-east-1a", "until": "10:00", "market": "spot"}],
     "quota": [{"family": "g", "limit": 64, "spot": false}],
     "slow": [{"types": "g5", "seconds": 300}],
     "throttle": {"calls": 5, "services": ["dynamodb"], "operations": ["GetItem"], "error": "AccessDeniedException"},
     "reclaim": [{"instance": "i-0123", "notice": 120}],
     "clear": true}

Every key may be absent; ``clear`` comes first.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tideform_sandbox.market.market import Market, Throttle
from tideform_sandbox.market.supply import Lack, Quota, Slow, family_key

if TYPE_CHECKING:
    from tideform_sandbox.world import World

_MARKETS = {"spot": True, "on-demand": False, "both": None}


def apply(world: World, script: dict[str, Any]) -> dict[str, Any]:
    """Change the market; returns what holds then, with what was ``reclaimed``. Raises `ValueError` on nonsense."""
    market, now = world.market, world.clock.now()
    if unknown := set(script) - {"lack", "quota", "slow", "throttle", "reclaim", "clear"}:
        raise ValueError(f"the market has no {', '.join(sorted(unknown))}")
    if script.get("clear"):
        market.clear()
    lacks = [_lack(given, now) for given in script.get("lack", [])]
    market.lacks = [*market.lacks, *lacks]
    for lack in lacks:
        if lack.until is not None:
            world.timeline.at(lack.until, f"market/{id(lack)}", lambda _: market.changed())
    for quota in (_quota(given) for given in script.get("quota", [])):
        market.quotas = {**market.quotas, (quota.family, quota.spot): quota}
    market.slow = [*market.slow, *(Slow(one["types"], float(one["seconds"])) for one in script.get("slow", []))]
    if "throttle" in script:
        market.throttle = _throttle(script["throttle"])
    reclaimed = [market.reclaim(one["instance"], float(one.get("notice", 120))) for one in script.get("reclaim", [])]
    market.changed()
    return {**describe(market, now), "reclaimed": reclaimed}


def describe(market: Market, now: float) -> dict[str, Any]:
    """What holds now."""
    in_force = [lack for lack in market.lacks if lack.until is None or now < lack.until]
    throttle = market.throttle
    return {
        "now": now,
        "lacks": [asdict(lack) for lack in in_force],
        "quotas": [asdict(quota) for quota in market.quotas.values()],
        "slow": [asdict(slow) for slow in market.slow],
        "throttle": {
            "calls": throttle.calls,
            "share": throttle.share,
            "seed": throttle.seed,
            "services": list(throttle.services),
            "operations": list(throttle.operations),
            "error": throttle.error,
        },
        "notices": {key: asdict(notice) for key, notice in market.notices.items()},
    }


def moment(given: str | float | None, now: float) -> float | None:
    """A moment: seconds since the epoch, ``10:00`` (UTC, the next one) or an ISO time. Raises `ValueError`."""
    if given is None or isinstance(given, int | float):
        return None if given is None else float(given)
    if len(given) == 5 and given[2] == ":":
        today = datetime.fromtimestamp(now, UTC)
        at = today.replace(hour=int(given[:2]), minute=int(given[3:]), second=0, microsecond=0)
        return (at if at > today else at + timedelta(days=1)).timestamp()
    at = datetime.fromisoformat(given)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _lack(given: dict[str, Any], now: float) -> Lack:
    market = given.get("market", "both")
    if market not in _MARKETS:
        raise ValueError(f"a market is one of {', '.join(_MARKETS)}, not {market!r}")
    return Lack(given["types"], given.get("zone") or "*", _MARKETS[market], moment(given.get("until"), now))


def _throttle(given: dict[str, Any]) -> Throttle:
    if unknown := set(given) - {"calls", "share", "seed", "services", "operations", "error"}:
        raise ValueError(f"a throttle has no {', '.join(sorted(unknown))}")
    share = float(given.get("share", 0.0))
    if not 0 <= share <= 1:
        raise ValueError("a share is between 0 and 1")
    services = tuple({"lambda": "awslambda"}.get(name, name) for name in given.get("services", ()))
    seed = given.get("seed")
    return Throttle(
        calls=int(given.get("calls", 0)),
        share=share,
        seed=secrets.randbelow(10**6) if seed is None else int(seed),
        services=services,
        operations=tuple(given.get("operations", ())),
        error=str(given.get("error", "")),
    )


def _quota(given: dict[str, Any]) -> Quota:
    return Quota(family_key(given["family"]), int(given["limit"]), bool(given.get("spot", False)))
