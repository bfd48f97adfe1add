"""What the reaper is told by its environment, and its clients."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tideform.reaper.fence import watch


@dataclass(frozen=True)
class Settings:
    """The lease table, what its capacity is tagged with, the month's hard stop if any, and whom to tell if anybody.

    ``reserved`` is by pool: the ``ids`` of its reservations, and the ``prices`` of its types in USD an hour.
    ``handles`` are those of the spec's pools: how one ends whose item does not say it. ``unheld_grace`` is how many
    seconds a machine that carries a pool's tags and names no lease may stand after it was told of.
    """

    table: str
    project: str
    environment: str
    budget_usd: float | None = None
    topic: str = ""
    reserved: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    handles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unheld_grace: float = 900.0

    @classmethod
    def of(cls, environ: Mapping[str, str], handles: Mapping[str, Mapping[str, Any]]) -> Settings:
        """Out of ``TABLE``, ``PROJECT``, ``ENVIRONMENT``, ``TOPIC``, and the other variables that may be there."""
        budget = environ.get("BUDGET_USD")
        return cls(
            table=environ["TABLE"],
            project=environ["PROJECT"],
            environment=environ["ENVIRONMENT"],
            budget_usd=float(budget) if budget else None,
            topic=environ.get("TOPIC", ""),
            reserved=json.loads(environ.get("RESERVED", "{}")),
            handles=handles,
            unheld_grace=float(environ.get("UNHELD_GRACE", cls.unheld_grace)),
        )


@dataclass
class Boto:
    """boto3 clients, each made once; safe between threads, which the making of clients is not."""

    _clients: dict[str, Any] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def client(self, service: str) -> Any:
        """The client of one service, with patience for throttling and none for silence."""
        from botocore.config import Config

        from tideform.reaper.aws import session

        with self._lock:
            if service not in self._clients:
                config = Config(
                    connect_timeout=5,
                    read_timeout=20,
                    retries={"mode": "standard", "total_max_attempts": 4},
                    max_pool_connections=16,
                    s3={"addressing_style": "path"},
                )
                self._clients[service] = watch(session().client(service, config=config))
            return self._clients[service]
