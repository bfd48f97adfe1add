"""Temporary keys that are handed on: they have to hold for as long as a call of the engine may take.

boto3 renews its keys a quarter of an hour before they end. A child process cannot renew those that it was given, and a
cluster or an endpoint takes longer than that. So they are taken anew before each call where they hold for less than an
hour, or for less than the half of what their source gives; nobody is asked for a code for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from botocore.credentials import Credentials

ENOUGH: Final = 3600.0 - 300.0  # seconds: what is given for an hour is not taken anew at once
_AHEAD: ContextVar[bool] = ContextVar("tideform_renewing_ahead", default=False)
_GIVEN: WeakKeyDictionary[Any, float] = WeakKeyDictionary()  # seconds that a source's last keys had when they came


def ahead_of_time() -> bool:
    """Whether keys are being renewed that still hold: no reason to ask anybody, or to take cached ones."""
    return _AHEAD.get()


def renew(credentials: Credentials) -> None:
    """Take keys anew that may end within a call of the engine. Where their source refuses, those at hand stay."""
    if lasting(credentials) is None:
        return
    refreshable: Any = credentials
    with refreshable._refresh_lock, _renewing_ahead():
        left = lasting(credentials) or 0.0
        if left < min(ENOUGH, _GIVEN.get(credentials, 2 * ENOUGH) / 2):
            # A refusal is no failure: they hold for some minutes yet, and for how many is told before the work begins.
            refreshable._protected_refresh(is_mandatory=False)
            _GIVEN[credentials] = lasting(credentials) or 0.0


def lasting(credentials: Credentials) -> float | None:
    """For how many seconds they hold; None where they do not end, or nobody knows."""
    ends: datetime | None = getattr(credentials, "_expiry_time", None)
    return None if ends is None else (ends - datetime.now(UTC)).total_seconds()


def holds_long(cached: dict[str, Any]) -> bool:
    """Whether keys in a cache of botocore's hold for long enough to be handed on; they end at a time, or its text."""
    from botocore.utils import parse_timestamp

    told = cached["Credentials"]["Expiration"]
    ends: datetime = parse_timestamp(told) if isinstance(told, str) else told
    return (ends - datetime.now(UTC)).total_seconds() >= ENOUGH


@contextmanager
def _renewing_ahead() -> Iterator[None]:
    token = _AHEAD.set(True)
    try:
        yield
    finally:
        _AHEAD.reset(token)
