"""Judging a plan: the controls of the declared frameworks, and the waivers that somebody signed.

Pure: resources, deployment and today's date in, diagnostics out. A failing control has the control's own
severity, a waived failure is a note that names who signed it and until when, and a control that crashes is
a finding too.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from datetime import date

from tideform.controls import controls
from tideform.controls.base import Control, Evidence, Match
from tideform.diagnostics import Diagnostic, Severity
from tideform.frameworks import framework, known_frameworks
from tideform.model.planned import PlannedResource
from tideform.spec.compliance import Waiver
from tideform.spec.deployment import Deployment


def review(
    resources: Sequence[PlannedResource],
    deployment: Deployment,
    *,
    partial: bool = False,
    today: date | None = None,
) -> tuple[Diagnostic, ...]:
    """What the declared frameworks have to say about these resources.

    ``partial``: a plan of some units only; controls that ask whether something exists are left out then,
    and no waiver counts as unused.
    """
    declared = deployment.spec.compliance.frameworks
    unknown = [_unknown_framework(name) for name in declared if name not in known_frameworks()]
    evidence = Evidence(resources, deployment)
    reviewer = _Reviewer(deployment, today or date.today())
    findings = [
        finding
        for control in _of(declared)
        if not (partial and control.whole_plan)
        for finding in reviewer.judge(control, evidence)
    ]
    return (*unknown, *findings, *(() if partial else reviewer.unused_waivers()))


class _Reviewer:
    """The waivers of one review: which are in force, and which were needed."""

    def __init__(self, deployment: Deployment, today: date) -> None:
        self._deployment = deployment
        self._today = today
        self._waivers = deployment.spec.compliance.waivers
        self._needed: set[int] = set()

    def judge(self, control: Control, evidence: Evidence) -> Iterator[Diagnostic]:
        """A diagnostic for each match of one control, after its waivers."""
        try:
            matches = list(control.check(evidence))
        except Exception as error:  # noqa: BLE001 - whatever a control does, nobody gets a traceback
            yield _crashed(control, error)
            return
        for match in matches:
            yield self._verdict(control, match)

    def unused_waivers(self) -> Iterator[Diagnostic]:
        """Waivers that excuse nothing: the reason is gone, or they name the wrong thing."""
        for index, waiver in enumerate(self._waivers):
            if index not in self._needed:
                yield _unused(waiver, index)

    def _verdict(self, control: Control, match: Match) -> Diagnostic:
        index, waiver = self._waiver(control, match)
        if waiver is not None and waiver.expires >= self._today:
            return _waived(control, match, waiver, index)
        required = _required_by(control, self._deployment.spec.compliance.frameworks)
        if match.undecided:
            return _undecided(control, match, required)
        return _failed(control, match, required, waiver)

    def _waiver(self, control: Control, match: Match) -> tuple[int, Waiver | None]:
        """The waiver for this match; of several the one that lasts longest."""
        fitting = [
            (waiver.expires, index)
            for index, waiver in enumerate(self._waivers)
            if waiver.control == control.id and match.concerns(waiver.resource)
        ]
        self._needed |= {index for _, index in fitting}
        if not fitting:
            return -1, None
        _, best = max(fitting)
        return best, self._waivers[best]


def _of(names: Sequence[str]) -> list[Control]:
    """The controls of these frameworks, each once."""
    wanted = {c for name in names if name in known_frameworks() for c in framework(name).controls}
    return [control for key, control in controls().items() if key in wanted]


def _required_by(control: Control, names: Sequence[str]) -> str:
    parts = [
        f"{name} {', '.join(ids)}"
        for name in names
        if name in known_frameworks() and (ids := framework(name).controls.get(control.id))
    ]
    return "; ".join(parts)


def _failed(control: Control, match: Match, required: str, expired: Waiver | None) -> Diagnostic:
    lapsed = f" Its waiver expired on {expired.expires}." if expired else ""
    return Diagnostic(
        "TD702",
        control.severity,
        "A compliance control does not hold",
        detail=f"{control.id}, {match.address}: {match.detail}. {control.title} ({required}).{lapsed}",
        fix=control.fix,
        path=match.spec_path,
    )


def _undecided(control: Control, match: Match, required: str) -> Diagnostic:
    return Diagnostic(
        "TD703",
        Severity.WARNING,
        "A compliance control cannot be judged before the apply",
        detail=f"{control.id}, {match.address}: {match.detail}. {control.title} ({required}).",
        fix="plan again after the apply",
        path=match.spec_path,
    )


def _waived(control: Control, match: Match, waiver: Waiver, index: int) -> Diagnostic:
    return Diagnostic(
        "TD704",
        Severity.NOTE,
        "A compliance control is waived",
        detail=(
            f"{control.id}, {match.address}: {match.detail}. "
            f"{waiver.approved_by} signed for it until {waiver.expires}: {waiver.reason}"
        ),
        path=f"compliance.waivers[{index}]",
    )


def _unused(waiver: Waiver, index: int) -> Diagnostic:
    return Diagnostic(
        "TD705",
        Severity.WARNING,
        "A waiver excuses nothing",
        detail=f"{waiver.control} has nothing against {waiver.resource}, or no framework here asks for it",
        fix="remove the waiver, or correct its control or resource",
        path=f"compliance.waivers[{index}]",
    )


def _crashed(control: Control, error: Exception) -> Diagnostic:
    return Diagnostic(
        "TD706",
        Severity.ERROR,
        "A compliance control crashed",
        detail=f"{control.id}: {type(error).__name__}: {error}; what it looks after was not judged",
        fix=f"report it to the author of {type(control).__module__}",
        path="compliance.frameworks",
    )


def _unknown_framework(name: str) -> Diagnostic:
    known = sorted(known_frameworks())
    close = difflib.get_close_matches(name.lower(), known, n=1)
    return Diagnostic(
        "TD701",
        Severity.ERROR,
        "Unknown compliance framework",
        detail=f"{name} is not one of {', '.join(known)}",
        fix=f"did you mean {close[0]}?" if close else "use one of these",
        path="compliance.frameworks",
    )
