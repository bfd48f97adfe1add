"""What a node costs an hour: the list price that came with the lease, and for spot what the market says now.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tideform.reaper.base import Clients, Node
from tideform.reaper.meter import Price

_FRESH = 300.0  # seconds that a spot price is good for


@dataclass
class SpotPrices:
    """USD an hour by instance type and zone, asked once for each type and five minutes. Safe between threads."""

    clients: Clients
    clock: Callable[[], float] = time.monotonic
    _known: dict[str, tuple[float, dict[str, float]]] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def of(self, nodes: Iterable[Node]) -> Mapping[tuple[str, str], float]:
        """The prices of the types and zones of these nodes, where the market has one."""
        types = {node.type for node in nodes if node.spot and not _is_sagemakers(node)}
        with self._lock:
            stale = [kind for kind in types if kind not in self._known or self._known[kind][0] < self.clock() - _FRESH]
            if stale:
                told = self._ask(stale)
                self._known |= {kind: (self.clock(), told.get(kind, {})) for kind in stale}
            return {(kind, zone): usd for kind in types for zone, usd in self._known[kind][1].items()}

    def _ask(self, types: list[str]) -> dict[str, dict[str, float]]:
        """The newest price of each; a history that starts now holds what is in force."""
        pages = (
            self.clients.client("ec2")
            .get_paginator("describe_spot_price_history")
            .paginate(InstanceTypes=sorted(types), ProductDescriptions=["Linux/UNIX"], StartTime=datetime.now(UTC))
        )
        entries = [entry for page in pages for entry in page["SpotPriceHistory"]]
        found: dict[str, dict[str, float]] = {}
        for entry in sorted(entries, key=lambda entry: entry["Timestamp"]):
            found.setdefault(entry["InstanceType"], {})[entry["AvailabilityZone"]] = float(entry["SpotPrice"])
        return found


def _is_sagemakers(node: Node) -> bool:
    """SageMaker has no market: spot is a shorter bill at list price."""
    return node.type.startswith("ml.")


def price_of(on_demand: Mapping[str, float], spot: Mapping[tuple[str, str], float]) -> Price:
    """How one node is priced: spot at the market's price, or at list price where the market tells none.

    A machine in a capacity block costs nothing more: the block was paid for before it began.
    """

    def price(node: Node) -> float | None:
        if node.paid:
            return 0.0
        listed = on_demand.get(node.type)
        told = spot.get((node.type, node.zone)) if node.spot else None
        return told if told is not None else None if listed is None else float(listed)

    return price
