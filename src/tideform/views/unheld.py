"""Capacity that nobody holds, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tideform.times import utc
from tideform.views.lines import Line, plain

if TYPE_CHECKING:
    from tideform.burst.ownerless import Ownerless


def unheld_lines(found: Iterable[Ownerless]) -> Iterator[Line]:
    """One line for each, and what to do; nothing where there is none."""
    several = tuple(found)
    if not several:
        return
    yield plain(f"Held by nobody: {len(several)}", style="bold")
    yield from (Line(_words(one), mark="!") for one in several)
    yield plain(
        "`tideform burst reap` ends what the reaper would end now, and with --unheld the machines by hand as well."
    )


def unheld_json(found: Iterable[Ownerless]) -> list[dict[str, Any]]:
    """The same facts for programs; ``since`` in RFC 3339, null where nobody tells."""
    return [{**asdict(one), "since": utc(one.since) if one.since else None} for one in found]


def _words(one: Ownerless) -> str:
    since = f", since {utc(one.since)}" if one.since else ""
    price = f", {one.hourly_usd:.4f} USD an hour" if one.hourly_usd is not None else ""
    return f"{one.pool}: {one.id} ({one.kind}){since}{price}: {one.why}"
