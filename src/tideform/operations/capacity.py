"""What holds capacity, what nobody holds, and what is wrong with what tells it: gathered once for whoever shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tideform.burst.ownerless import UNHELD, Sighted, sighted
from tideform.burst.record import illegible_in
from tideform.burst.table_errors import NoTableError
from tideform.connect import backend_of
from tideform.diagnostics import Diagnostic, Severity
from tideform.engine.fit import checked_backend
from tideform.engine.table_owner import table_of_others
from tideform.errors import CloudError
from tideform.operations.astray import table_astray
from tideform.operations.by_itself import Inert, inert
from tideform.operations.leases import stands
from tideform.state.backend import Backend
from tideform.unasked import NO_GAPS, Gaps, Unasked

if TYPE_CHECKING:
    from tideform.burst.lease import PoolRecord
    from tideform.burst.table import LeaseTable
    from tideform.spec.deployment import Deployment

STATE: Final = "state"  # parts that can give no answer, or be broken
BURSTS: Final = "bursts"


@dataclass(frozen=True)
class Capacity:
    """The records that can be read, None where nobody could tell; what no lease holds; what is missing of both.

    ``warnings`` are what is wrong with the lease table, or with what acts on it; it may be ``anothers``.
    """

    records: tuple[PoolRecord, ...] | None = ()
    seen: Sighted = Sighted()  # noqa: RUF009  # frozen
    warnings: tuple[Diagnostic, ...] = ()
    gaps: Gaps = NO_GAPS
    anothers: bool = False


def state_of(deployment: Deployment) -> tuple[Backend, Gaps]:
    """The deployment's stacks for whoever shows them: a file that cannot be read hides no other, and no burst.

    Raises `RefusedError` TD416, TD418, TD419, TD421, as far as what can be read tells of that.
    """
    try:
        return checked_backend(deployment), NO_GAPS
    except CloudError as unread:
        return backend_of(deployment), Gaps.of(STATE, unread)


def capacity(deployment: Deployment, state: Backend, unread: Gaps) -> Capacity:
    """By the names that everything has, for a state that is lost or broken hides no burst; ``unread`` is what is."""
    from tideform.burst.table import LeaseTable
    from tideform.connect import cloud_for

    known, gaps = _stands(deployment, state)
    gaps = unread or gaps
    try:
        cloud = cloud_for(deployment)
        if (not known or gaps) and (taken := table_of_others(cloud, deployment)):
            return _anothers(taken, gaps)
        astray = () if known else table_astray(cloud, deployment)
        table = LeaseTable.of(cloud, deployment)
        told, lost = table.look(), _lost(table) if known else NO_GAPS
    except CloudError as error:
        return _unseen(error, gaps, known=known)
    records = tuple(one for one in told.values() if not isinstance(one, Diagnostic))
    judged = (known or astray) and not deployment.left
    inactive = inert(cloud, deployment) if judged else Inert()
    seen = sighted(cloud, deployment)
    return Capacity(
        None if lost else records,
        seen,
        (*astray, *_more(inactive.findings, gaps)),
        gaps + lost + Gaps(seen.unasked) + illegible_in(told) + inactive.gaps,
    )


def _more(findings: tuple[Diagnostic, ...], gaps: Gaps) -> Iterator[Diagnostic]:
    """Those that the gaps do not tell already: a foundation that cannot be read hides the reaper, too."""
    told = {one.detail for one in gaps.problems}
    return (one for one in findings if one.detail not in told)


def _anothers(taken: Diagnostic, gaps: Gaps) -> Capacity:
    """Of a table that another project and environment have nothing is shown, nor what stands without their leases."""
    seen = Sighted(unasked=(Unasked(UNHELD, "the lease table is another's"),))
    warning = replace(taken, severity=Severity.WARNING)
    return Capacity((), seen, (warning,), gaps + Gaps(seen.unasked), anothers=True)


def _lost(table: LeaseTable) -> Gaps:
    """That a table is not there which the state knows."""
    try:
        table.require()
    except NoTableError as gone:
        return Gaps.of(BURSTS, gone)
    return NO_GAPS


def _stands(deployment: Deployment, state: Backend) -> tuple[bool, Gaps]:
    """Whether a state knows the lease table; one that cannot be read is not lost, and may know it."""
    try:
        return stands(deployment, state), NO_GAPS
    except CloudError as unread:
        return True, Gaps.of(STATE, unread)


def _unseen(error: CloudError, gaps: Gaps, *, known: bool) -> Capacity:
    """Without the table nobody knows who holds what."""
    why = Gaps.of(BURSTS, error)
    if not known:
        why = replace(why, unasked=(Unasked(BURSTS, "no state; `tideform state adopt`"),))
    seen = Sighted(unasked=tuple(replace(one, what=UNHELD) for one in why.unasked))
    warnings = tuple(replace(one, severity=Severity.WARNING) for one in error.diagnostics)
    return Capacity(None, seen, warnings, gaps + Gaps((*why.unasked, *seen.unasked)))
