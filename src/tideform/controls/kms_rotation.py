"""KMS keys rotate."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.controls._evidence import dig
from tideform.controls.base import Control, Evidence, Match
from tideform.model.planned import UNKNOWN

KEY = "aws:kms/key:Key"
_SYMMETRIC = "SYMMETRIC_DEFAULT"  # other kinds of keys have no automatic rotation


class KmsRotation(Control):
    """Automatic rotation is on for every symmetric key."""

    id = "kms-rotation"
    title = "KMS keys rotate"
    description = (
        "Looks at every symmetric KMS key that the plan makes. Rotation bounds what one exposed version of "
        "the key opens; data stays readable, and nothing that uses the key has to change."
    )
    fix = "set enableKeyRotation on the key"
    source = "https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html"

    def check(self, plan: Evidence) -> Iterator[Match]:
        for key in plan.of(KEY):
            if (dig(key.after, "customerMasterKeySpec") or _SYMMETRIC) != _SYMMETRIC:
                continue
            rotates = dig(key.after, "enableKeyRotation")
            if rotates is UNKNOWN:
                yield Match(key.address, "its rotation is only known after apply", undecided=True)
            elif rotates is not True:
                yield Match(key.address, "it never rotates")


ENTRY = KmsRotation()
