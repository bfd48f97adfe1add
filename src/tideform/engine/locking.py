"""The lock of a deployment, or of a part of it, beside its state."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tideform.state.lock import Held, Lock, OnWait
from tideform.state.lock.store import BucketStore, FolderStore

if TYPE_CHECKING:
    from tideform.spec.deployment import Deployment


def acquire(
    deployment: Deployment,
    operation: str,
    *,
    name: str = "",
    shared: bool = False,
    wait: float = 0.0,
    run: str = "",
    on_wait: OnWait = lambda _: None,
    on_lost: Callable[[str], None] = lambda _: None,
) -> AbstractContextManager[Held]:
    """Hold the lock of a deployment, or of the part of it called ``name`` (``pool-nightly``); see `Lock.hold`."""
    lock = lock_of(deployment, name)
    return lock.hold(operation, shared=shared, wait=wait, run=run, on_wait=on_wait, on_lost=on_lost)


def lock_of(deployment: Deployment, name: str = "") -> Lock:
    """The lock of a deployment: a file beside a local state, an object beside a state in S3."""
    label = deployment.name if not name else f"{deployment.name} ({name})"
    file = f"lock-{name}.json" if name else "lock.json"
    if deployment.settings.state is None:
        workspace, environment = deployment.workspace, deployment.environment
        return Lock(FolderStore(workspace.environment(environment) / file, workspace.state(environment)), label)
    return Lock(_bucket_store(deployment, deployment.settings.state, file), label)


def _bucket_store(deployment: Deployment, state: str, file: str) -> BucketStore:
    from tideform.connect import cloud_for

    address = urlsplit(state)
    prefix = f"{address.path.strip('/')}/" if address.path.strip("/") else ""
    client = cloud_for(deployment).client("s3")
    return BucketStore(client, address.netloc, f"{prefix}.tideform/{deployment.name}/{file}", prefix)
