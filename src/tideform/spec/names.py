"""Cloud names: short enough to keep their prefix, and different from each other.

A long name is cut and hashed (`Deployment.physical_name`), but ``<project>-<environment>-`` has to survive the cut:
the inventory that proves a teardown looks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from tideform.diagnostics import Diagnostic
from tideform.spec.deployment import Deployment
from tideform.spec.problems import problem
from tideform.spec.subject import Subject

# The tightest cut is a bucket's: 63 characters (Amazon S3, 'Bucket naming rules') less two hashes of eight and their
# hyphens, and some room for the part's own name.
LONGEST_PREFIX = 63 - 2 * 9 - 5

# Buckets of our own, whether the spec wants them already or not; no store may have the name of one.
CAPTURES: Final = "tideform-captures"
TRACKING: Final = "tideform-tracking"
AUDIT: Final = "tideform-audit"
BURSTS: Final = "tideform-bursts"
OWN_BUCKETS: Final = (CAPTURES, TRACKING, AUDIT, BURSTS)


def crossings(deployments: Mapping[str, Deployment]) -> Iterator[Diagnostic]:
    """Units of two environments with one name in one account: ``eu`` in ``dev-a``, and ``a-eu`` in ``dev``."""
    seen: dict[tuple[str, str], str] = {}
    for name, deployment in deployments.items():
        for unit in {*_made_as(deployment), *OWN_BUCKETS}:
            full = deployment.physical_name(unit)
            other = seen.setdefault((deployment.account, full), name)
            if other != name:
                detail = f"{full!r} would stand for something in {other} and in {name}."
                yield problem("TD131", detail, fix="Rename the unit or one of the environments.")


def _made_as(deployment: Deployment) -> Iterator[str]:
    """The names that units and stores were made with, which they keep when they are renamed."""
    spec = deployment.spec
    sections: dict[str, Iterable[str]] = {"training": spec.training, "serving": spec.serving, "storage": spec.storage}
    for section, units in sections.items():
        yield from (deployment.identity(section, unit) for unit in units)


def names(subject: Subject) -> Iterator[Diagnostic]:
    """Prefixes that are too long, a pool and an endpoint of one name, and stores named like a bucket of ours."""
    prefix = subject.deployment.name
    if len(prefix) > LONGEST_PREFIX:
        detail = f"{prefix!r} starts every name and has {len(prefix)} characters; {LONGEST_PREFIX} are possible."
        fix = "Shorten the project's or the environment's name."
        yield subject.problem("TD130", ("project",), detail, fix=fix)
    for name in subject.spec.serving:
        if name in subject.spec.training:
            detail = f"A pool and an endpoint are called {name!r}: their roles and logs would share a name."
            yield subject.problem("TD131", ("serving", name), detail, fix="Rename one of them.", key=True)
    for name in subject.spec.storage:
        made = subject.deployment.identity("storage", name)
        if made in OWN_BUCKETS:
            detail = f"tideform keeps a bucket of its own called {made!r}: the two would share a name."
            yield subject.problem("TD131", ("storage", name), detail, fix="Rename the store.", key=True)
