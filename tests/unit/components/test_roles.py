"""What a role may do has to fit into what IAM takes."""

from __future__ import annotations

import pytest

from tideform.components.iam.policies import allow, document
from tideform.components.iam.roles import require_room
from tideform.errors import RefusedError


def policy(characters: int) -> str:
    """A policy of so many characters that count."""
    empty = len("".join(document(allow("Use", ["s3:*"], [""])).split()))
    return document(allow("Use", ["s3:*"], ["x" * (characters - empty)]))


@pytest.mark.parametrize(("size", "braked"), [(10_240, False), (9_728, True)])
def test_a_policy_that_iam_takes_is_let_through(size: int, braked: bool) -> None:
    require_room("reaper", policy(size), braked=braked)


@pytest.mark.parametrize(("size", "braked"), [(10_241, False), (9_729, True)])
def test_a_policy_that_iam_does_not_take_is_told_before_the_apply(size: int, braked: bool) -> None:
    with pytest.raises(RefusedError) as raised:
        require_room("reaper", policy(size), braked=braked)
    assert raised.value.diagnostics[0].code == "TD694"
