"""Names that more than one layer has to agree on. Pure."""

from __future__ import annotations

from typing import Final

# Buckets of our own; no store may be called so, since their names would clash.
CAPTURES: Final = "tideform-captures"
TRACKING: Final = "tideform-tracking"
AUDIT: Final = "tideform-audit"

VARIANT: Final = "AllTraffic"  # the one variant of an endpoint
