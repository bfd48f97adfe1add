"""What the provider has to know of one resource type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tideform_sandbox.providers.aws.context import Context

Inputs = Mapping[str, Any]
State = Mapping[str, Any]
Live = dict[str, Any]


def _settles_nothing(_context: Context, _identity: str, _old: Inputs, _new: Inputs) -> None:
    """For types whose creation is one call and which cannot change."""


@dataclass(frozen=True)
class Kind:
    """One type: its inputs, how it comes, is read, changes and goes.

    ``create`` makes the thing and returns its id, the vendor's. ``settle(context, id, old, new)`` brings settings that
    are operations of their own in line: after creation with no ``old``, and on every update. ``read`` answers what
    AWS says now in the vendor's names, inputs and outputs alike, or None when it is gone; a key that it leaves out is
    one that AWS does not tell. ``delete`` gets the whole state.
    """

    type: str
    inputs: frozenset[str]
    create: Callable[[Context, Inputs], str]
    read: Callable[[Context, str, Inputs], Live | None]
    delete: Callable[[Context, str, State], None]
    settle: Callable[[Context, str, Inputs, Inputs], None] = _settles_nothing
    computed: frozenset[str] = frozenset()  # outputs that are known only after creation
    volatile: frozenset[str] = frozenset()  # outputs that an update changes
    replaces: frozenset[str] = frozenset()  # inputs that cannot change in place
    stored_only: frozenset[str] = frozenset()  # inputs that the sandbox keeps in the state and does not act on
    exact: frozenset[str] = frozenset({"tags"})  # maps in which every live key counts
    defaults: Mapping[str, Any] = field(default_factory=dict)  # what an absent input means
    name: str | None = None  # the input that the vendor fills in by itself

    @property
    def known(self) -> frozenset[str]:
        """Every input that is accepted."""
        return self.inputs | self.stored_only | {"region"}


def words(text: str) -> frozenset[str]:
    """A set of names, written as a line."""
    return frozenset(text.split())
