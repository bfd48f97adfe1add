"""A sandbox of each test module, in a workspace of its own, ended with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tideform.cloud import Cloud
from tideform.local import client
from tideform.local.client import Sandbox
from tideform.paths import Workspace
from tideform.spec.deployment import SANDBOX_ACCOUNT


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    made = Workspace(tmp_path_factory.mktemp("workspace"))
    yield made
    client.stop(made)


@pytest.fixture(scope="module")
def sandbox(workspace: Workspace) -> Sandbox:
    return client.ensure(workspace)


@pytest.fixture(scope="module")
def cloud(sandbox: Sandbox) -> Cloud:
    return Cloud("us-east-1", SANDBOX_ACCOUNT, credentials=sandbox.credentials)
