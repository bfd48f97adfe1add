"""How long a lease may be: the pool says, and the project's limits bound it, for everybody and for single owners."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.diagnostics import Diagnostic
from tideform.errors import RefusedError
from tideform.spec.problems import SUMMARIES
from tideform.spec.project import Project
from tideform.spec.quantities import Duration
from tideform.spec.subject import Subject


def longest_lease(project: Project, owner: str) -> Duration | None:
    """The longest lease that somebody may have; None where no limit is set."""
    bounds = [bound for bound in (project.limits.lease, project.limits.owners.get(owner)) if bound is not None]
    return min(bounds, default=None)


def require_lease(project: Project, owner: str, asked: Duration) -> None:
    """Raise `RefusedError` TD147 where the lease is longer than its owner may have."""
    longest = longest_lease(project, owner)
    if longest is not None and asked > longest:
        raise RefusedError.of(
            "TD147",
            SUMMARIES["TD147"],
            detail=f"{owner} may have a lease of {longest} at most, and this one would be {asked.words}.",
            fix="Ask for a shorter one, or have limits: in the spec changed.",
        )


def leases(subject: Subject) -> Iterator[Diagnostic]:
    """Pools that nobody, or not the project's own owner, may burst; and owners' limits that have no effect."""
    limits, owner = subject.spec.limits, subject.spec.owner
    for name, pool in subject.spec.training.items():
        longest = longest_lease(subject.spec, owner)
        if longest is not None and pool.lease > longest:
            whose = "everybody's" if longest == limits.lease else f"{owner}'s"
            detail = f"A lease of {pool.lease} is longer than {whose} limit of {longest}: no burst could begin."
            yield subject.problem("TD147", ("training", name, "lease"), detail, fix=f"Use at most {longest}.")
    for name, longest in limits.owners.items():
        if limits.lease is not None and longest > limits.lease:
            detail = f"{name} may have {longest}, and nobody more than {limits.lease}: the shorter one holds."
            yield subject.problem("TD140", ("limits", "owners", name), detail, fix=f"Use at most {limits.lease}.")
