from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from tests.unit.sandbox.functions.deployed import Deployed, deploy
from tideform.cloud import Cloud
from tideform.paths import Workspace


@pytest.fixture
def deployed(cloud: Cloud, workspace: Workspace) -> Callable[..., Deployed]:
    """Deploys functions by their body."""
    return partial(deploy, cloud, workspace)
