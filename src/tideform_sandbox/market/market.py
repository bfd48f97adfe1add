"""The one place where launches are allowed, whoever asks: EC2, Batch, Auto Scaling, SageMaker."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tideform_sandbox.market.supply import Lack, Quota, Slow, Standing, names, quota_family, region_of

NO_CAPACITY = "InsufficientInstanceCapacity"
NO_VCPUS = "VcpuLimitExceeded"
NO_SPOT_QUOTA = "MaxSpotInstanceCountExceeded"
RESERVATION_FULL = "ReservationCapacityExceeded"
ML_NO_CAPACITY = "CapacityError"
ML_NO_QUOTA = "ResourceLimitExceeded"
CODES = (NO_CAPACITY, NO_VCPUS, NO_SPOT_QUOTA, RESERVATION_FULL, ML_NO_CAPACITY, ML_NO_QUOTA)


@dataclass
class Throttle:
    """API calls that are refused: the next so many, or a share of all, drawn with a printed seed.

    ``services`` are moto's names of those that refuse, ``operations`` those of calls (``GetItem``); all do where none
    is named. ``error`` is the code of another refusal than too many calls: ``AccessDeniedException``.
    """

    calls: int = 0
    share: float = 0.0
    seed: int = 0
    services: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    error: str = ""
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311  # faults that can be had again, not secrets

    def hits(self, service: str, operation: str = "") -> bool:
        """Whether the next call, of this service and operation, is refused."""
        if self.services and service not in self.services:
            return False
        if self.operations and operation not in self.operations:
            return False
        if self.calls > 0:
            self.calls -= 1
            return True
        return self.share > 0 and self._random.random() < self.share


@dataclass(frozen=True)
class Notice:
    """A spot instance is taken back: when that was told, and when it ends (seconds since the epoch)."""

    told: float
    at: float


class Market:
    """What the script allows. Every method may be called from any thread.

    ``standing`` are asked for what counts against quotas; ``listeners`` are told when a launch that was refused may
    now succeed; ``vcpus`` gives an EC2 type's.
    """

    def __init__(self, vcpus: Callable[[str], int]) -> None:
        self._vcpus = vcpus
        self._lock = threading.Lock()
        self.standing: list[Callable[[], Iterable[Standing]]] = []
        self.listeners: list[Callable[[], None]] = []
        self.notices: dict[str, Notice] = {}
        self.reclaimer: Callable[[str, float], dict[str, Any]] | None = None
        self.clear()

    def clear(self) -> None:
        """Everything can be launched at once."""
        with self._lock:
            self.lacks: list[Lack] = []
            self.quotas: dict[tuple[str, bool], Quota] = {}
            self.slow: list[Slow] = []
            self.throttle = Throttle()

    def launch_refusal(self, instance_type: str, zone: str, spot: bool, count: int, now: float) -> str | None:
        """The error code with which AWS would refuse this launch now; None if it may go ahead.

        ``zone`` is the region where the caller has no zone (SageMaker). `refusal_message` words it.
        """
        if self._over_quota(instance_type, zone, spot, count):
            return ML_NO_QUOTA if _is_ml(instance_type) else NO_SPOT_QUOTA if spot else NO_VCPUS
        with self._lock:
            lacks = any(lack.covers(instance_type, zone, spot, now) for lack in self.lacks)
        if not lacks:
            return None
        return ML_NO_CAPACITY if _is_ml(instance_type) else NO_CAPACITY

    def start_delay(self, instance_type: str) -> float:
        """How long an instance of this type is pending, in the sandbox's seconds."""
        with self._lock:
            return max((slow.seconds for slow in self.slow if names(slow.types, instance_type)), default=0.0)

    def refused(self, service: str, operation: str) -> str | None:
        """Whether the API call that just came in is refused: with this code, or an empty one for too many calls."""
        with self._lock:
            return self.throttle.error if self.throttle.hits(service, operation) else None

    def reclaim(self, instance_id: str, notice: float = 120.0) -> dict[str, Any]:
        """Take a spot instance back after its notice (seconds); returns ``instance`` and ``at``.

        Raises `ValueError` if no such spot instance runs.
        """
        if self.reclaimer is None:
            raise ValueError(f"no instance {instance_id} runs")
        return self.reclaimer(instance_id, notice)

    def changed(self) -> None:
        """Tell everybody whose launches failed that they may try again."""
        for listener in list(self.listeners):
            listener()

    def _over_quota(self, instance_type: str, zone: str, spot: bool, count: int) -> bool:
        with self._lock:
            quota = self.quotas.get((quota_family(instance_type), spot))
        return (
            quota is not None and self._used(quota, region_of(zone)) + count * self._weight(instance_type) > quota.limit
        )

    def _used(self, quota: Quota, region: str) -> int:
        return sum(
            one.count * self._weight(one.instance_type)
            for ask in list(self.standing)
            for one in ask()
            if one.spot == quota.spot
            and region_of(one.zone) == region
            and quota_family(one.instance_type) == quota.family
        )

    def _weight(self, instance_type: str) -> int:
        return 1 if _is_ml(instance_type) else self._vcpus(instance_type)


def refusal_message(code: str, instance_type: str, zone: str) -> str:
    """What AWS says beside a code of `Market.launch_refusal`."""
    return {
        NO_CAPACITY: (
            f"We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested "
            f"({zone})."
        ),
        NO_VCPUS: (
            "You have requested more vCPU capacity than your current vCPU limit allows for the instance bucket that "
            f"the specified instance type {instance_type} belongs to."
        ),
        NO_SPOT_QUOTA: "Max spot instance count exceeded",
        ML_NO_CAPACITY: f"Unable to provision requested ML compute capacity: {instance_type}. Please retry later.",
        ML_NO_QUOTA: f"The account-level service limit '{instance_type} for training job usage' is exceeded.",
    }[code]


def _is_ml(instance_type: str) -> bool:
    return instance_type.startswith("ml.")
