"""The engine for commands that only look: getting it may take minutes, and says how it goes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tideform.engine.pulumi import PulumiEngine
    from tideform.spec.deployment import Deployment


def engine_for(deployment: Deployment) -> PulumiEngine:
    """The engine, got first if need be; before a spinner turns, as somebody may be asked for a code."""
    from tideform.engine.connect import connect_engine
    from tideform.views.installing import InstallView

    view = InstallView(sys.stderr)
    try:
        return connect_engine(deployment, say=view)
    finally:
        view.close()
