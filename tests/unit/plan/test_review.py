"""The review of a plan: what fails, what is waived, and what cannot be said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from tests.unit.plan.making import deployment, resource
from tideform.controls import controls
from tideform.controls.base import Evidence, Match
from tideform.diagnostics import Diagnostic, Severity
from tideform.plan.review import review

KEY = "aws:kms/key:Key"
TODAY = date(2026, 11, 1)
TRAIL = resource("aws:cloudtrail/trail:Trail", "audit", "compliance", enableLogFileValidation=True, kmsKeyId="arn")
WEAK_KEY = resource(KEY, "data", enableKeyRotation=False)


def findings(*resources: Any, partial: bool = False, **compliance: Any) -> list[Diagnostic]:
    target = deployment(compliance={"frameworks": ["pci-dss"], **compliance})
    return list(review([TRAIL, *resources], target, partial=partial, today=TODAY))


def waiver(**fields: str) -> dict[str, str]:
    return {
        "control": "kms-rotation",
        "resource": "data",
        "reason": "a legacy reader",
        "approved_by": "ciso@example.com",
        "expires": "2026-12-31",
        **fields,
    }


def test_a_plan_that_holds_every_control_has_no_findings() -> None:
    assert findings(resource(KEY, enableKeyRotation=True)) == []


def test_a_failing_control_of_a_declared_framework_is_an_error() -> None:
    (finding,) = findings(WEAK_KEY)
    assert (finding.code, finding.severity) == ("TD702", Severity.ERROR)


def test_a_finding_names_the_resource_the_requirement_and_the_remedy() -> None:
    (finding,) = findings(WEAK_KEY)
    assert "foundation.aws_kms_key.data" in finding.detail
    assert "pci-dss 3.7.4" in finding.detail
    assert finding.fix == "set enableKeyRotation on the key"


def test_without_frameworks_nothing_is_judged() -> None:
    assert review([WEAK_KEY], deployment()) == ()


def test_two_frameworks_ask_for_a_control_once() -> None:
    both = [f for f in findings(WEAK_KEY, frameworks=["pci-dss", "hipaa"]) if "kms-rotation" in f.detail]
    assert len(both) == 1
    assert "pci-dss 3.7.4; hipaa 164.312(a)(2)(iv)" in both[0].detail


def test_a_waived_failure_is_a_note_with_who_why_and_until() -> None:
    (note,) = findings(WEAK_KEY, waivers=[waiver()])
    assert (note.code, note.severity, note.path) == ("TD704", Severity.NOTE, "compliance.waivers[0]")
    assert all(words in note.detail for words in ("ciso@example.com", "a legacy reader", "2026-12-31"))


@pytest.mark.parametrize("name", ["data", "foundation.aws_kms_key.data"])
def test_a_waiver_names_its_resource_or_its_address(name: str) -> None:
    (note,) = findings(WEAK_KEY, waivers=[waiver(resource=name)])
    assert note.severity is Severity.NOTE


def test_a_waiver_holds_on_its_last_day() -> None:
    (note,) = findings(WEAK_KEY, waivers=[waiver(expires="2026-11-01")])
    assert note.severity is Severity.NOTE


def test_an_expired_waiver_does_not_count_and_says_so() -> None:
    (finding,) = findings(WEAK_KEY, waivers=[waiver(expires="2026-10-31")])
    assert finding.severity is Severity.ERROR
    assert "expired on 2026-10-31" in finding.detail


def test_a_renewed_waiver_counts_beside_the_expired_one() -> None:
    (note,) = findings(WEAK_KEY, waivers=[waiver(expires="2026-01-31"), waiver()])
    assert (note.code, note.path) == ("TD704", "compliance.waivers[1]")


@pytest.mark.parametrize("wrong", [{"resource": "other"}, {"control": "s3-replication"}])
def test_a_waiver_that_excuses_nothing_is_a_warning(wrong: dict[str, str]) -> None:
    found = findings(resource(KEY, "data", enableKeyRotation=True), waivers=[waiver(**wrong)])
    assert [(f.code, f.severity) for f in found] == [("TD705", Severity.WARNING)]


def test_what_is_known_after_the_apply_only_is_a_warning() -> None:
    from tideform.model.planned import UNKNOWN

    (finding,) = findings(resource(KEY, enableKeyRotation=UNKNOWN))
    assert (finding.code, finding.severity) == ("TD703", Severity.WARNING)


def test_a_plan_of_one_unit_is_not_asked_for_what_others_make() -> None:
    target = deployment(compliance={"frameworks": ["pci-dss"], "waivers": [waiver()]})
    assert review([], target, partial=True, today=TODAY) == ()


def test_an_unknown_framework_is_an_error_with_a_suggestion() -> None:
    (finding,) = findings(frameworks=["pcidss"])
    assert finding.code == "TD701"
    assert "pci-dss" in finding.fix


def test_a_control_that_crashes_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(_self: object, _plan: Evidence) -> Iterator[Match]:
        raise KeyError("rules")

    monkeypatch.setattr(type(controls()["kms-rotation"]), "check", crash)
    (finding,) = findings(WEAK_KEY)
    assert (finding.code, finding.severity) == ("TD706", Severity.ERROR)
    assert "KeyError" in finding.detail


STORES = {
    "transactions": {"kind": "dataset", "classification": "restricted"},
    "scratch": {"kind": "scratch"},
}
SIGNED = waiver(control="s3-replication", resource="scratch", reason="rebuilt nightly")


def test_replication_warns_for_data_and_is_waived_for_scratch() -> None:
    target = deployment("eu-west-1", storage=STORES, compliance={"frameworks": ["gdpr"], "waivers": [SIGNED]})
    stores = [resource("aws:s3/bucket:Bucket", name, "storage", bucket=target.unique_name(name)) for name in STORES]
    found = review(stores, target, today=TODAY)
    about = {f.severity: f for f in found if "copy elsewhere" in f.detail}
    assert about[Severity.WARNING].path == "storage.transactions"
    assert "rebuilt nightly" in about[Severity.NOTE].detail
