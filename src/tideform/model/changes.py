"""What differs between two sets of inputs, path by path. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tideform.model.planned import PropertyChange


def changes_between(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    replace_keys: Iterable[str] = (),
    changed_secrets: Iterable[str] = (),
) -> tuple[PropertyChange, ...]:
    """The changed properties, sorted by path; ``replace_keys`` are (beginnings of) paths that force a replacement."""
    keys = tuple(replace_keys)
    secrets = [(path, before[path], after[path]) for path in changed_secrets]
    return tuple(
        PropertyChange(path, old, new, forces_replacement=_within(path, keys))
        for path, old, new in sorted([*_walk("", before, after), *secrets], key=lambda change: change[0])
    )


def _walk(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in old.keys() | new.keys():
            yield from _walk(_join(path, key), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _walk(f"{path}[{index}]", one, other)
    elif old != new:
        yield path, old, new


def _join(path: str, key: str) -> str:
    plain = key.replace("_", "").replace("-", "").isalnum()
    part = key if plain else f'["{key}"]'
    return f"{path}.{part}" if path and plain else f"{path}{part}"


def _within(path: str, keys: tuple[str, ...]) -> bool:
    return any(path == key or path.startswith((f"{key}.", f"{key}[")) for key in keys)
