"""Where a deployment's state is: the folder or the bucket that its spec names."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tideform.state.checkpoint import Blobs, BucketBlobs, FolderBlobs

if TYPE_CHECKING:
    from tideform.cloud import Cloud
    from tideform.spec.deployment import Deployment


def location_of(deployment: Deployment, cloud: Cloud) -> Blobs:
    """The place that the spec names for the state, whatever is in it."""
    if deployment.settings.state is None:
        return FolderBlobs(deployment.workspace.state(deployment.environment))
    address = urlsplit(deployment.settings.state)
    prefix = f"{address.path.strip('/')}/" if address.path.strip("/") else ""
    url = f"{deployment.settings.state}?region={deployment.region}"
    return BucketBlobs(url, address.netloc, prefix, cloud.client("s3"))
