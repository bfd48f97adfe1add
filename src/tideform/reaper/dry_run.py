"""What the reaper would do to one pool, without doing it: how a burst sees that its brake works before it begins.

The answer is read out of the table that the function works on, under its own role and in the way a round reads it: no
burst begins where it cannot.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tideform.reaper.items import Items
from tideform.reaper.pools import POOL
from tideform.reaper.reading import Unreadable, read
from tideform.reaper.settings import Settings

HANDLES = "handles.json"  # at the root of the package: the handle of each pool, by the key of its item
ASKED = "dry_run"  # the key of an event that asks, and the pool as its item is named


def answer(items: Items, settings: Settings, package: Path, pool: str, now: float) -> dict[str, Any]:
    """Of which code and table it is, how it would end the pool, and when each of its leases.

    ``ends`` are by lease, in seconds since the epoch; ``handle`` is what the function has of the spec, None where it
    does not know the pool, and ``handles`` tells all that it has of it from another spec's.
    """
    raw = next((item for item in items.all() if item["pk"] == POOL + pool), None)
    item = {} if raw is None else read(raw, now)
    broken = isinstance(item, Unreadable)
    leases: Mapping[str, Any] = {} if isinstance(item, Unreadable) else item.get("leases", {})
    return {
        "code": digest(package),
        "handle": settings.handles.get(pool),
        "handles": handles_digest(settings.handles),
        "table": settings.table,
        "at": int(now),
        "unreadable": broken,
        "ends": {lease: int(held["deadline"]) for lease, held in leases.items()},
    }


def digest(package: Path) -> str:
    """The SHA-256 over the names and contents of a package's files: what tells two packages apart.

    The handles are answered with by pool, as each spec has its own; what Python has compiled by itself is none of it.
    """
    found = {path.relative_to(package).as_posix(): path for path in package.rglob("*") if path.is_file()}
    code = {name: path for name, path in found.items() if name != HANDLES and "__pycache__" not in path.parts}
    return digest_of({name: path.read_bytes() for name, path in code.items()})


def handles_digest(handles: Mapping[str, Mapping[str, Any]]) -> str:
    """The SHA-256 of the handles of all pools: what tells them from those of another spec, or environment."""
    return hashlib.sha256(json.dumps(handles, sort_keys=True).encode()).hexdigest()


def digest_of(files: Mapping[str, bytes]) -> str:
    """The same of the contents by their names."""
    whole = b"".join(b"%b\0%b\0" % (name.encode(), files[name]) for name in sorted(files))
    return hashlib.sha256(whole).hexdigest()
