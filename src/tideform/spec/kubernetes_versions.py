"""Which versions of Kubernetes EKS has, and until when each is supported at which price.

Standard support lasts fourteen months, extended support another twelve; then EKS upgrades by itself. A control plane
costs 0.10 USD an hour, and 0.60 in extended support. A version without dates is in standard support.
https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html, as of 30 November 2026
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import NamedTuple

from tideform.diagnostics import Diagnostic, Severity
from tideform.spec.subject import Subject

EXTENDED_FACTOR = 6.0  # by which a control plane is dearer in extended support
_SOON_DAYS = 60


class Support(NamedTuple):
    """The last days of both kinds of support; None where AWS had named none."""

    standard: date | None
    extended: date | None


SUPPORT = {
    "1.31": Support(date(2025, 11, 26), date(2026, 11, 26)),
    "1.32": Support(date(2026, 3, 23), date(2027, 3, 23)),
    "1.33": Support(date(2026, 7, 29), date(2027, 7, 29)),
    "1.34": Support(date(2026, 12, 2), date(2027, 12, 2)),
    "1.35": Support(date(2027, 3, 27), date(2028, 3, 27)),
    "1.36": Support(None, None),
}


def _number(version: str) -> int:
    return int(version.partition(".")[2])


NEWEST = max(SUPPORT, key=_number)


def extended(version: str, today: date) -> bool:
    """Whether a control plane of this version costs six times as much on that day."""
    known = SUPPORT.get(version)
    return known is not None and known.standard is not None and known.standard < today


def kubernetes_versions(subject: Subject) -> Iterator[Diagnostic]:
    """A version that EKS does not have, or no more; and one whose control plane costs more, now or soon."""
    cluster = subject.spec.cluster
    if cluster is None or cluster.existing is not None:
        return
    path, version, today = ("cluster", "version"), cluster.version, datetime.now(UTC).date()
    known = SUPPORT.get(version)
    if known is None and _number(version) > _number(NEWEST):
        detail = f"The newest version that is known here is {NEWEST}: the cluster's controllers were not tried on it."
        fix = "Make sure that EKS has it, or leave it out."
        yield subject.problem("TD658", path, detail, fix=fix, severity=Severity.WARNING)
    elif known is None or (known.extended is not None and known.extended < today):
        there = [each for each, of in SUPPORT.items() if of.extended is None or of.extended >= today]
        detail = f"EKS makes no cluster of Kubernetes {version}, as far as is known here."
        yield subject.problem("TD667", path, detail, fix=f"Choose one of {', '.join(there)}.")
    elif known.standard is not None and (known.standard - today).days < _SOON_DAYS:
        when = "ended" if known.standard < today else "ends"
        detail = (
            f"Standard support of {version} {when} on {known.standard}; in extended support a control plane costs "
            f"0.60 USD an hour instead of 0.10, until EKS upgrades it after {known.extended}."
        )
        fix = "Go to a newer version, one minor version at a time."
        yield subject.problem("TD668", path, detail, fix=fix, severity=Severity.WARNING)
