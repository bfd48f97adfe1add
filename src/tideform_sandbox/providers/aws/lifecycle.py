"""The life of any resource, told once for all kinds: check, diff, create, read, update, delete.

A resource's state is its inputs, as the user wrote them, and what AWS adds. A read keeps the user's words wherever AWS
means the same by other ones, so that a resource which nobody touched never looks changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tideform_sandbox.providers.aws.compare import Difference, covers, differences, same
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State
from tideform_sandbox.providers.aws.refusal import Refusal, crashed
from tideform_sandbox.providers.aws.wire import UNKNOWN

NOT_EMULATED = "__notEmulated"


class HalfMadeError(Exception):
    """The thing exists, but not all of its settings could be made; the engine must keep it in the state.

    ``inputs`` are those that hold: the next run sees what is missing, and makes it.
    """

    def __init__(self, identity: str, inputs: Live, state: Live, reason: Refusal) -> None:
        super().__init__(str(reason))
        self.identity = identity
        self.inputs = inputs
        self.state = state
        self.reason = reason


@dataclass(frozen=True)
class Diff:
    """What the engine asks before it decides between keeping, updating and replacing."""

    changes: tuple[Difference, ...]
    replaces: tuple[str, ...]

    def replaced_by(self, difference: Difference) -> bool:
        """Whether this path is a reason for the replacement."""
        return _within(difference.path, self.replaces)


def unknown_inputs(kind: Kind, inputs: Inputs) -> list[str]:
    """Arguments that the sandbox knows nothing of; they are refused, never dropped."""
    return sorted(key for key in inputs if key not in kind.known and not key.startswith("__"))


def diff(kind: Kind, old: Inputs, new: Inputs, ignore: Sequence[str] = ()) -> Diff:
    """Compare two sets of inputs."""
    before, after = {**kind.defaults, **_public(old)}, {**kind.defaults, **_public(new)}
    found = tuple(d for d in differences(before, after) if not _ignored(d, ignore))
    reasons = {each for each in kind.replaces if any(_within(d.path, (each,)) for d in found)}
    return Diff(found, tuple(sorted(reasons)))


def preview_create(kind: Kind, context: Context, inputs: Inputs) -> Live:
    """The state as far as it is known before anything is made."""
    return _state(kind, context, inputs, dict.fromkeys(kind.computed, UNKNOWN))


def preview_update(kind: Kind, context: Context, old: State, new: Inputs) -> Live:
    """The state after an update, as far as it is known."""
    kept = {key: value for key, value in old.items() if key not in kind.known}
    return _state(kind, context, new, {**kept, **dict.fromkeys(kind.volatile, UNKNOWN)})


def create(kind: Kind, context: Context, inputs: Inputs) -> tuple[str, Live]:
    """Make the thing. Raises `Refusal` when it does not exist afterwards, `HalfMadeError` when it does."""
    identity = kind.create(context, inputs)
    try:
        kind.settle(context, identity, {}, inputs)
        return identity, _fresh(kind, context, identity, inputs)
    except Refusal as reason:
        raise _half_made(kind, context, identity, inputs, reason) from None
    except Exception as crash:  # a mistake of ours: the thing exists all the same, and may not be forgotten
        raise _half_made(kind, context, identity, inputs, crashed(crash)) from crash


def update(kind: Kind, context: Context, identity: str, old: Inputs, new: Inputs, state: State) -> Live:
    """Bring a thing in line. Raises `Refusal`.

    From where it really is, not from where it was left: an earlier creation or update may have failed half-way, and the
    engine remembers of it only what was asked for.
    """
    live = _live(kind, context, identity, old)
    before = old if live is None else _refreshed(kind, old, state, live)
    kind.settle(context, identity, {**kind.defaults, **_public(before)}, {**kind.defaults, **_public(new)})
    return _fresh(kind, context, identity, new)


def delete(kind: Kind, context: Context, identity: str, state: State) -> None:
    """Remove a thing; that it is gone already is success. Raises `Refusal`."""
    try:
        kind.delete(context, identity, state)
    except Refusal as reason:
        if not reason.means_gone:
            raise


def read(kind: Kind, context: Context, identity: str, inputs: Inputs, state: State) -> tuple[Live, Live] | None:
    """Inputs and state as AWS has them now, or None when the thing is gone. Raises `Refusal`."""
    live = _live(kind, context, identity, inputs)
    if live is None:
        return None
    if not inputs:
        found = _imported(kind, live)
        return found, _state(kind, context, found, live)
    found = _refreshed(kind, inputs, state, live)
    left = kind.computed & kind.inputs - found.keys()
    return found, _state(kind, context, found, {**live, **{key: state[key] for key in left if key in state}})


def _live(kind: Kind, context: Context, identity: str, inputs: Inputs) -> Live | None:
    try:
        found = kind.read(context, identity, inputs)
    except Refusal as reason:
        if reason.means_gone:
            return None
        raise
    return found and _without_tags(found, context.ignored_tags)


def _without_tags(found: Live, ignored: frozenset[str]) -> Live:
    tags = found.get("tags")
    if isinstance(tags, Mapping):
        return {**found, "tags": {key: value for key, value in tags.items() if key not in ignored}}
    if isinstance(tags, list):
        return {**found, "tags": [tag for tag in tags if tag["key"] not in ignored]}
    return found


def _fresh(kind: Kind, context: Context, identity: str, inputs: Inputs) -> Live:
    live = _live(kind, context, identity, inputs)
    if live is None:
        raise Refusal("TD504", f"{kind.type} {identity} was made and is not to be found")
    return _state(kind, context, inputs, live)


def _half_made(kind: Kind, context: Context, identity: str, inputs: Inputs, reason: Refusal) -> HalfMadeError:
    try:
        live = _live(kind, context, identity, inputs) or {}
    except Refusal:  # then nothing is known to hold, and everything is made again
        live = dict.fromkeys(inputs)
    held = {key: value for key, value in inputs.items() if key not in live or _holds(kind, key, value, live[key])}
    return HalfMadeError(identity, held, _state(kind, context, held, live), reason)


def _imported(kind: Kind, live: Live) -> Live:
    known = {key: value for key, value in live.items() if key in kind.inputs and value not in (None, "", [], {})}
    return {key: value for key, value in known.items() if not same(value, kind.defaults.get(key))}


def _refreshed(kind: Kind, inputs: Inputs, state: State, live: Live) -> Live:
    found = {key: value for key, value in inputs.items() if key not in live or _holds(kind, key, value, live[key])}
    asked = kind.inputs - (kind.computed - inputs.keys())  # what AWS fills in by itself is no change of anybody's
    changed = {key: value for key, value in live.items() if key in asked and key not in found}
    foreign = {key: v for key, v in changed.items() if key in inputs or not same(state.get(key), v)}
    return {**found, **{key: value for key, value in foreign.items() if value not in (None, [], {})}}


def _holds(kind: Kind, key: str, wanted: Any, live: Any) -> bool:
    return same(wanted, live) if key in kind.exact else covers(wanted, live)


def _state(kind: Kind, context: Context, inputs: Inputs, live: Live) -> Live:
    """Inputs in the user's words over what AWS says, and what the vendor adds to every resource."""
    state = {key: value for key, value in live.items() if key in kind.computed or key in kind.known}
    state |= _public(inputs)
    if "tags" in kind.inputs:
        state["tagsAll"] = state.get("tags") or {}
    if context.region and "region" not in state:
        state["region"] = context.region
    forgotten = sorted(key for key in inputs if key in kind.stored_only)
    return {**state, NOT_EMULATED: forgotten} if forgotten else state


def _public(inputs: Mapping[str, Any]) -> Live:
    return {key: value for key, value in inputs.items() if not key.startswith("__")}


def _ignored(difference: Difference, ignore: Sequence[str]) -> bool:
    return _within(difference.path, ignore)


def _within(path: str, places: Iterable[str]) -> bool:
    return any(path == each or path.startswith((f"{each}.", f"{each}[")) for each in places)
