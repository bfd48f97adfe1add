"""moto's in-memory backends, looked at without loading services that nobody has used."""

from __future__ import annotations

import sys
from typing import Any


def backends(service: str) -> list[Any]:
    """One service's backends, of all accounts and regions in use; empty if nobody has used the service."""
    models = sys.modules.get(f"moto.{service}.models")
    found = getattr(models, f"{service}_backends", {})
    return [backend for account in list(found.values()) for backend in list(account.values())]
