"""The words of ``tideform sandbox clock`` and ``market``, as the sandbox's market takes them."""

from __future__ import annotations

from typing import Any

from tideform.errors import RefusedError, TideformError


def seconds(text: str) -> int:
    """A duration: ``20m``, ``6h``. Raises `RefusedError` (TD631)."""
    from tideform.spec.quantities import Duration

    try:
        return Duration.parse(text).seconds
    except ValueError as error:
        raise _wrong(text, str(error)) from error


def lacks(types: list[str], until: str | None, only: str) -> list[dict[str, Any]]:
    """``g5``, ``g5.xlarge@us-east-1a``; ``until`` and ``only`` hold for all of them."""
    if not types and until is not None:
        raise _wrong(f"--until {until}", "it says until when something lacks: name that with --lack")
    return [
        {"types": kind, "zone": zone or None, "until": until, "market": only}
        for kind, _, zone in (one.partition("@") for one in types)
    ]


def quota(text: str) -> dict[str, Any]:
    """``g=64``, ``spot:g=32``, ``ml.g5.xlarge=2``. Raises `RefusedError` (TD631)."""
    family, _, limit = text.removeprefix("spot:").partition("=")
    if not family or not limit.isdigit():
        raise _wrong(text, "a quota such as g=64 or spot:g=32 was expected")
    return {"family": family, "limit": int(limit), "spot": text.startswith("spot:")}


def slow(text: str) -> dict[str, Any]:
    """``g5=5m``. Raises `RefusedError` (TD631)."""
    kind, _, duration = text.partition("=")
    return {"types": kind, "seconds": seconds(duration)}


def throttle(text: str, seed: int | None) -> dict[str, Any]:
    """``5``, or ``20%`` with or without a seed. Raises `RefusedError` (TD631)."""
    number = text.removesuffix("%")
    if not number.isdigit():
        raise _wrong(text, "a number of calls such as 5, or a share such as 20%, was expected")
    if text.endswith("%"):
        return {"share": int(number) / 100, **({} if seed is None else {"seed": seed})}
    return {"calls": int(number)}


def _wrong(text: str, why: str) -> TideformError:
    return RefusedError.of(
        "TD631",
        "The sandbox does not know these words",
        detail=f"{text}: {why}.",
        fix=f"Write it so: {why.removesuffix(' was expected')}.",
    )
