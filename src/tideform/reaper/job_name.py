"""What people call what a burst runs, on every backend: the pool and the lease. AWS Batch calls its jobs so as well."""

from __future__ import annotations

import re
from uuid import uuid4

LEAST = 4  # characters of a lease by which people may call it: an empty variable of a script is no lease's beginning
_LENGTH = 12
_BEGINNING = re.compile(rf"[0-9a-f]{{0,{_LENGTH}}}")


def new_lease_id() -> str:
    """One that no other lease has; without a dash, so that names can be taken apart."""
    return uuid4().hex[:_LENGTH]


def job_name(pool: str, lease: str, part: str = "") -> str:
    """``fit-0123456789ab``; ``part`` tells apart what several jobs of one lease do."""
    return f"{pool}{part}-{lease}"


def lease_of(name: str) -> str:
    """The lease in the name of a job on AWS Batch."""
    return name.rpartition("-")[2]


def part_of(name: str, lease: str) -> str:
    """The name without its lease."""
    return name.removesuffix(f"-{lease}")


def after_pool(name: str, pool: str) -> str | None:
    """What stands after the pool in ``fit-0123``; None where the name does not begin with it."""
    return name.removeprefix(f"{pool}-") if name.startswith(f"{pool}-") else None


def may_be_lease(text: str, least: int = 0) -> bool:
    """Whether a lease can begin so; with ``least`` characters of it."""
    return len(text) >= least and _BEGINNING.fullmatch(text) is not None
