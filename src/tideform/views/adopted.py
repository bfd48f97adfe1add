"""What was found of an environment that its state does not know, and what would become of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tideform.model.planned import Action
from tideform.views.lines import Line, plain
from tideform.words import counted

if TYPE_CHECKING:
    from tideform.operations.adoption import Adopted


def adopted_lines(adopted: Adopted) -> Iterator[Line]:
    """What enters the state, what does not, and what the next apply has to do."""
    if adopted.found:
        yield plain("Stands with this environment's tags, and would be adopted:", style="bold")
        yield from (Line(f"{address}  id {identity}", "+") for address, identity in sorted(adopted.found.items()))
    if adopted.foreign:
        yield plain("Has a name of ours and not our tags, and is left alone:", style="bold")
        yield from (Line(found.detail, "?") for found in adopted.foreign)
    if adopted.beside:
        yield plain("Carries our tags and is in no stack of this spec; it cannot be adopted:", style="bold")
        yield from (Line(f"{one.service} {one.kind} {one.id} {one.note}".rstrip(), "?") for one in adopted.beside)
    if adopted.deferred:
        yield plain("Cannot be looked for, as it cannot be planned:", style="bold")
        yield from (Line(f"{one.program}: {one.reason}", "?") for one in adopted.deferred)
    if adopted.to_do:
        yield plain("Left to the next apply:", style="bold")
        yield from (Line(f"{address}  {_WORDS[action]}") for address, action in sorted(adopted.to_do.items()))
    yield plain()
    yield plain(_verdict(adopted))


_WORDS = {
    Action.CREATE: "does not stand: it will be created",
    Action.UPDATE: "is not as the spec says: it will be changed",
    Action.REPLACE: "is not as the spec says: it will be replaced",
    Action.DELETE: "is not in the spec: it will be deleted",
    Action.IMPORT: "will be imported",
}


def _verdict(adopted: Adopted) -> str:
    if not adopted.found:
        return "Nothing of this environment stands that its state does not know."
    found = f"{counted(len(adopted.found), 'resource')} in {counted(len(adopted.programs), 'stack')}"
    return f"To adopt: {found}. Nothing in the cloud is changed."
