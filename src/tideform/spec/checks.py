"""The checks of the spec's meaning, in one list. A new check is a function of a `Subject` and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tideform.diagnostics import Diagnostic
from tideform.spec.folders import folders
from tideform.spec.kubernetes_versions import kubernetes_versions
from tideform.spec.leases import leases
from tideform.spec.limits import limits
from tideform.spec.names import names
from tideform.spec.references import references
from tideform.spec.schedule import schedules
from tideform.spec.secrets import secrets
from tideform.spec.shapes import shapes
from tideform.spec.subject import Subject
from tideform.spec.tags import tags

CHECKS: tuple[Callable[[Subject], Iterator[Diagnostic]], ...] = (
    references,
    limits,
    leases,
    folders,
    schedules,
    kubernetes_versions,
    shapes,
    tags,
    names,
    secrets,
)


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Everything that all the checks find, and what this version does not have."""
    from tideform.checks.available import availability  # the one look upwards: which names there are

    for one in (*CHECKS, availability):
        yield from one(subject)
