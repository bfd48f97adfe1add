"""Preparing an AWS account: a bucket for the state, a key for its secrets, a role for CI; and the account check.

`steps` says what is missing, each `Step` carries itself out. Run twice, the second time finds nothing to do.
"""

from tideform.engine.bootstrap.account import check_account
from tideform.engine.bootstrap.names import ci_role_arn, ci_role_name, state_bucket, state_key_alias
from tideform.engine.bootstrap.steps import Step, Trust, carry_out, steps

__all__ = [
    "Step",
    "Trust",
    "carry_out",
    "check_account",
    "ci_role_arn",
    "ci_role_name",
    "state_bucket",
    "state_key_alias",
    "steps",
]
