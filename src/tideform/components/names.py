"""Names that more than one layer has to agree on. Pure."""

from __future__ import annotations

from typing import Final

from tideform.spec.names import AUDIT as AUDIT
from tideform.spec.names import BURSTS as BURSTS
from tideform.spec.names import CAPTURES as CAPTURES
from tideform.spec.names import TRACKING as TRACKING

VARIANT: Final = "AllTraffic"  # the one variant of an endpoint
