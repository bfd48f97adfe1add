"""Every API call is recorded, in a log that shows when it was tampered with."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.controls._evidence import dig
from tideform.controls.base import Control, Evidence, Match
from tideform.model.planned import UNKNOWN, PlannedResource

TRAIL = "aws:cloudtrail/trail:Trail"


class AuditTrail(Control):
    """There is a CloudTrail trail; it logs, under a KMS key, with digests of its log files."""

    id = "audit-trail"
    title = "An audit trail records who did what"
    description = (
        "Looks for a CloudTrail trail that is logging, validates its log files and encrypts them under a KMS "
        "key. Without digests a log can be edited; without a trail there is nothing to show an auditor."
    )
    fix = "keep the trail of the compliance layer, with enableLogFileValidation and kmsKeyId set"
    source = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html"
    whole_plan = True

    def check(self, plan: Evidence) -> Iterator[Match]:
        trails = list(plan.of(TRAIL))
        if not trails:
            yield Match("compliance", "the plan has no audit trail", "compliance", "audit-trail")
        for trail in trails:
            yield from _weaknesses(trail)


def _weaknesses(trail: PlannedResource) -> Iterator[Match]:
    logging = dig(trail.after, "enableLogging")
    validation = dig(trail.after, "enableLogFileValidation")
    if logging not in (True, None, UNKNOWN):  # AWS starts a new trail unless told not to
        yield Match(trail.address, "its logging is off", "compliance")
    if validation not in (True, UNKNOWN):
        yield Match(trail.address, "its log files are not validated", "compliance")
    if dig(trail.after, "kmsKeyId") is None:
        yield Match(trail.address, "its log files are not encrypted under a KMS key", "compliance")


ENTRY = AuditTrail()
