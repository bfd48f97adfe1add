"""What could not be asked, as text and as JSON: the same words and the same shape in every command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tideform.unasked import Broken
from tideform.views.lines import Line

if TYPE_CHECKING:
    from tideform.unasked import Gaps, Unasked


def unasked_lines(unasked: Iterable[Unasked], depth: int = 0) -> Iterator[Line]:
    """A line for each; at depth -1, a paragraph of its own, it begins like a sentence."""
    for one in unasked:
        text = str(one)
        yield Line(text, mark="?", depth=depth) if depth >= 0 else Line(text[:1].upper() + text[1:], depth=depth)


def unasked_json(unasked: Iterable[Unasked]) -> list[dict[str, str]]:
    """The same facts for programs: ``what`` and ``why`` of each."""
    return [{"what": one.what, "why": one.why} for one in unasked]


def parts_json(parts: Iterable[Unasked]) -> dict[str, list[dict[str, str]]]:
    """The two keys under which everything tells what it lacks: what gave no answer, and what is broken."""
    several = tuple(parts)
    broken = [one for one in several if isinstance(one, Broken)]
    return {
        "unasked": unasked_json(one for one in several if one not in broken),
        "unreadable": unasked_json(broken),
    }


def gaps_json(gaps: Gaps) -> dict[str, list[dict[str, str]]]:
    """The same of a whole answer."""
    return parts_json(gaps.all)
