"""What an update or a replacement does to the work that is going on, as the type says (`tideform.resources`). Pure."""

from __future__ import annotations

from tideform.model.planned import PlannedResource
from tideform.resources.registry import type_of


def update_note(resource: PlannedResource) -> str:
    """What a reader of the plan should know before saying yes; mostly nothing."""
    kind = type_of(resource.type)
    notes = kind.notes if kind else ()
    return next((note.text for note in notes if resource.action in note.actions), "")
