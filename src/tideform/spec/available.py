"""What the catalogue of this version has: backends, modes, machines, controls and frameworks.

The catalogue is asked for ids only; its entries, which need the cloud's SDKs, are not imported.
"""

from __future__ import annotations

from collections.abc import Iterator

from tideform.diagnostics import Diagnostic
from tideform.spec.subject import Subject


def availability(subject: Subject) -> Iterator[Diagnostic]:
    """Ids that this version does not have."""
    yield from ()
