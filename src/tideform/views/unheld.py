"""Capacity that nobody holds, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tideform.times import utc
from tideform.views.lines import Line, plain
from tideform.views.unasked import unasked_lines

if TYPE_CHECKING:
    from tideform.burst.ownerless import Ownerless, Sighted


def unheld_lines(seen: Sighted) -> Iterator[Line]:
    """One line for each, what to do, and why there may be more; nothing where nothing is to be told."""
    yield from unasked_lines(seen.unasked, depth=-1)
    if not seen.found:
        return
    yield plain(f"Held by nobody: {len(seen.found)}", style="bold")
    yield from (Line(_words(one), mark="!") for one in seen.found)
    yield plain(
        "`tideform burst reap` ends what the reaper would end now, and with --unheld the machines by hand as well."
    )


def reaped_lines(did: Iterable[str], failures: Mapping[str, str], left: Sighted) -> Iterator[Line]:
    """What a round of the reaper did and could not do, a line each, and what nobody holds after it."""
    done = [Line(what, depth=-1) for what in did]
    failed = [Line(f"{what}: {why}", mark="!") for what, why in failures.items()]
    yield from [*done, *failed] or [plain("Nothing was over.")]
    yield from unheld_lines(left)


def unheld_json(seen: Sighted) -> list[dict[str, Any]] | None:
    """The same facts for programs; ``since`` in RFC 3339, null where nobody tells, and all of it where nobody could."""
    if seen.told is None:
        return None
    return [{**asdict(one), "since": utc(one.since) if one.since else None} for one in seen.told]


def _words(one: Ownerless) -> str:
    since = f", since {utc(one.since)}" if one.since else ""
    price = f", {one.hourly_usd:.4f} USD an hour" if one.hourly_usd is not None else ""
    return f"{one.pool}: {one.id} ({one.kind}){since}{price}: {one.why}"
