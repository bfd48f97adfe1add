"""Which code of a function is known: what an apply has put there, not what was found standing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.burst.conftest import in_state
from tideform.burst.reaper_zip import known
from tideform.spec.deployment import Deployment


@pytest.mark.parametrize(("inputs", "is_known"), [({"name": "reaper", "code": {}}, True), ({"name": "reaper"}, False)])
def test_code_is_known_where_the_state_has_it(
    monkeypatch: pytest.MonkeyPatch, deployment: Deployment, inputs: dict[str, Any], is_known: bool
) -> None:
    outputs = {"name": "reaper", "codeSha256": "digest"}
    function = {"type": "aws:lambda/function:Function", "inputs": inputs, "outputs": outputs}
    in_state(monkeypatch, {"foundation": SimpleNamespace(resources=[function])})
    assert ("digest" in known(deployment, "reaper")) is is_known
