"""What a script says of the market: types that lack somewhere, quotas, slow starts. Plain data, no service behind it.

Codes are EC2's (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html), and SageMaker's for
``ml.`` types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

_STANDARD = set("acdhimrtz")  # the families that share EC2's "Standard" quota


@dataclass(frozen=True)
class Standing:
    """Some capacity that stands, as the quotas count it: ``zone`` is a region where there is no zone (SageMaker)."""

    instance_type: str
    zone: str
    spot: bool
    count: int = 1


@dataclass(frozen=True)
class Lack:
    """No capacity: ``types`` is a type, a family or a pattern; ``zone`` a zone, a region or ``*``.

    ``spot``: True for spot alone, False for on-demand alone, None for both. ``until``: seconds since the epoch, or None
    until the script is changed.
    """

    types: str
    zone: str = "*"
    spot: bool | None = None
    until: float | None = None

    def covers(self, instance_type: str, zone: str, spot: bool, now: float) -> bool:
        """Whether a launch meets it."""
        if self.until is not None and now >= self.until:
            return False
        here = self.zone in ("*", zone, region_of(zone))
        return here and self.spot in (None, spot) and names(self.types, instance_type)


@dataclass(frozen=True)
class Quota:
    """A limit in a region: vCPUs of a family (``g``, ``p``, ``standard``), instances of an ``ml.`` type."""

    family: str
    limit: int
    spot: bool = False


@dataclass(frozen=True)
class Slow:
    """Instances that stay pending for a while (seconds)."""

    types: str
    seconds: float


def names(pattern: str, instance_type: str) -> bool:
    """Whether a pattern means a type: the type itself, its family, or a pattern with ``*``."""
    family = instance_type.rpartition(".")[0]
    return pattern in (instance_type, family) or fnmatchcase(instance_type, pattern)


def quota_family(instance_type: str) -> str:
    """Under which quota a type counts: ``g`` (G and VT), ``p``, ``standard``…; an ``ml.`` type counts by itself."""
    if instance_type.startswith("ml."):
        return instance_type
    letters = re.match(r"[a-z]+", instance_type)
    family = letters.group() if letters else instance_type
    if family[0] in _STANDARD and family not in ("dl", "trn", "inf", "mac", "hpc"):
        return "standard"
    return "g" if family in ("g", "gr", "vt") else family


def region_of(zone: str) -> str:
    """``us-east-1`` of ``us-east-1a``; a region is its own."""
    return zone[:-1] if zone[-1:].isalpha() else zone


def family_key(given: str) -> str:
    """The quota family that a script means: ``g5``, ``g5.xlarge`` and ``g`` are all ``g``."""
    return given if given.startswith("ml.") or given == "standard" else quota_family(given)
