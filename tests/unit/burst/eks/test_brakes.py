"""What ends a burst on Kubernetes without its command, and how far each can be relied on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.backends.training.eks.access import Access
from tideform.backends.training.eks.brakes import brakes
from tideform.burst.brakes import Kind

NIGHTLY = {**FULL["training"]["nightly"], "backend": "eks"}


@pytest.mark.parametrize(("cluster", "kind"), [({}, Kind.TERMINAL), ({"existing": "mine"}, Kind.BOUNDING)])
def test_the_reaper_is_terminal_only_where_it_can_deny_launching(
    cluster: dict[str, Any], kind: Kind, tmp_path: Path
) -> None:
    deployment = deployment_of({**FULL, "training": {"nightly": NIGHTLY}, "cluster": cluster}, tmp_path)
    found = {brake.name: brake for brake in brakes(Access(cast(Any, None), deployment), "nightly")}
    assert found["reaper"].kind is kind
    assert ("Karpenter may bring machines again" in found["reaper"].description) is bool(cluster)
    assert {found[name].kind for name in ("job deadline", "node expiry")} == {Kind.BOUNDING}
