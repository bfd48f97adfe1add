"""What the reaper would do to one pool, without doing it: how a burst sees that its brake works before it begins.

The answer is read out of the table that the function works on, under its own role and in the way a round reads it: no
burst begins where it cannot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tideform.burst.reaper.items import Items
from tideform.burst.reaper.pools import POOL
from tideform.burst.reaper.reading import Unreadable, read
from tideform.burst.reaper.settings import Settings

ASKED = "dry_run"  # the key of an event that asks, and the pool as its item is named


def answer(items: Items, settings: Settings, package: Path, pool: str, now: float) -> dict[str, Any]:
    """Of which code and table it is, and when it would end each lease of the pool: ``ends`` by id, epoch seconds."""
    raw = next((item for item in items.all() if item["pk"] == POOL + pool), None)
    item = {} if raw is None else read(raw, now)
    broken = isinstance(item, Unreadable)
    leases: Mapping[str, Any] = {} if isinstance(item, Unreadable) else item.get("leases", {})
    return {
        "code": digest(package),
        "table": settings.table,
        "at": int(now),
        "unreadable": broken,
        "ends": {lease: int(held["deadline"]) for lease, held in leases.items()},
    }


def digest(package: Path) -> str:
    """The SHA-256 over the names and texts of a package's modules: what tells two packages apart."""
    sources = package.rglob("*.py")
    texts = {path.relative_to(package).as_posix(): path.read_text(encoding="utf-8") for path in sources}
    return digest_of(texts)


def digest_of(texts: Mapping[str, str]) -> str:
    """The same of the texts by their names."""
    whole = "".join(f"{name}\0{texts[name]}\0" for name in sorted(texts))
    return hashlib.sha256(whole.encode()).hexdigest()
