"""What the catalogue of this version has: backends with their own rules, machines, controls and frameworks.

The catalogue is imported only where a spec asks for it, and none of this loads the cloud's SDKs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tideform.diagnostics import Diagnostic
from tideform.spec.nodes import Path
from tideform.spec.subject import Subject

_MACHINE = re.compile(r"ml\.[a-z][a-z0-9-]*\.(medium|([0-9]{1,2})?x?large)")


def availability(subject: Subject) -> Iterator[Diagnostic]:
    """Ids that this version does not have, and what each backend says about its units."""
    if subject.spec.training:
        from tideform.checks.pool_words import pool_words
        from tideform.registry.training import backends as training

        yield from pool_words(subject)
        yield from _units(subject, "training", subject.spec.training, training())
        yield from _pools(subject)
        yield from _cluster(subject)
    if subject.spec.serving:
        from tideform.registry.serving import backends as serving

        yield from _units(subject, "serving", subject.spec.serving, serving())
        yield from _instances(subject)
    yield from _compliance(subject)
    yield from _without_effect(subject)


def _units(
    subject: Subject, section: str, units: Mapping[str, Any], backends: Mapping[str, Any]
) -> Iterator[Diagnostic]:
    for name, unit in units.items():
        if unit.backend in backends:
            for found in backends[unit.backend].problems(name, unit):
                yield subject.placed(found)
        else:
            path = (section, name, "backend")
            yield subject.unknown("TD220", path, unit.backend, backends, "backend of this version")


def _pools(subject: Subject) -> Iterator[Diagnostic]:
    from tideform.checks.pools import pool_rules

    for name in subject.spec.training:
        yield from map(subject.placed, pool_rules(subject.deployment, name))


def _cluster(subject: Subject) -> Iterator[Diagnostic]:
    from tideform.checks.cluster import cluster_problems

    yield from map(subject.placed, cluster_problems(subject.spec))


def _instances(subject: Subject) -> Iterator[Diagnostic]:
    """The book does not have every machine of SageMaker's: one that only looks right is a warning."""
    from tideform.prices.book import book

    known = [f"ml.{name}" for name in book().instances]
    for name, endpoint in subject.spec.serving.items():
        path, machine = ("serving", name, "instance_type"), endpoint.instance_type
        if not _MACHINE.fullmatch(machine):
            yield subject.unlike("TD221", path, machine, known, "is no machine for endpoints, such as ml.m5.large.")
        elif book().endpoint_instance(machine) is None:
            found = subject.unlike("TD221", path, machine, known, "is in no price list of this version.")
            yield subject.as_warning(found)


def _compliance(subject: Subject) -> Iterator[Diagnostic]:
    compliance = subject.spec.compliance
    if compliance.frameworks:
        from tideform.frameworks import known_frameworks

        where: Iterable[tuple[Path, str]] = (
            (("compliance", "frameworks", index), name) for index, name in enumerate(compliance.frameworks)
        )
        yield from _known(subject, "TD223", where, known_frameworks(), "framework of this version")
    if compliance.waivers:
        from tideform.controls import known_controls

        where = (
            (("compliance", "waivers", index, "control"), waiver.control)
            for index, waiver in enumerate(compliance.waivers)
        )
        yield from _known(subject, "TD222", where, known_controls(), "control of this version")


def _known(
    subject: Subject, code: str, words: Iterable[tuple[Path, str]], known: frozenset[str], what: str
) -> Iterator[Diagnostic]:
    for path, word in words:
        if word not in known:
            yield subject.unknown(code, path, word, known, what)


def _without_effect(subject: Subject) -> Iterator[Diagnostic]:
    from tideform.checks.not_built import not_built_notes

    yield from map(subject.placed, not_built_notes(subject.spec))
