"""Names, tags and ARNs of one program's resources, derived from the deployment alone.

An ARN that follows from account, region and name is written out here rather than waited for, so that a plan shows
whole policy documents before anything exists.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from tideform.spec.deployment import Deployment
from tideform.spec.regions import partition


@dataclass(frozen=True)
class Scope:
    """One program's place: the deployment, its layer, and its unit if the layer has units."""

    deployment: Deployment
    layer: str
    unit: str | None = None

    def name(self, part: str, *, limit: int = 63) -> str:
        """The physical name of ``part``, at most ``limit`` characters."""
        return self.deployment.physical_name(part, limit=limit)

    def hashed_name(self, part: str, inputs: Any, *, limit: int = 63) -> str:
        """``part`` with a digest of ``inputs``, which have to be JSON, at its end; see `Component.hashed_name`."""
        digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:8]
        return f"{self.name(part, limit=limit - 9)}-{digest}"

    def tags(self, name: str | None = None) -> dict[str, str]:
        """The tags of a resource; ``name`` is for EC2's nouns, which have no name but their ``Name`` tag."""
        own = self.deployment.tags(self.layer, self.unit)
        return own if name is None else {**own, "Name": name}

    def store_bucket(self, store: str) -> str:
        """The bucket of a store; a store that was renamed keeps the one it had."""
        return self.deployment.unique_name(self.deployment.identity("storage", store))

    @property
    def log_prefix(self) -> str:
        """What the names of all our log groups begin with."""
        return f"/tideform/{self.deployment.name}"

    @property
    def account(self) -> str:
        return self.deployment.account

    @property
    def region(self) -> str:
        return self.deployment.region

    @property
    def partition(self) -> str:
        """``aws``, or the partition of China or GovCloud."""
        return partition(self.region)

    @property
    def dns_suffix(self) -> str:
        """The domain of the partition's endpoints and regional service principals."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a regional resource of this account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def role_arn(self, name: str) -> str:
        """The ARN of one of this account's roles."""
        return f"arn:{self.partition}:iam::{self.account}:role/{name}"

    def policy_arn(self, name: str) -> str:
        """The ARN of one of this account's policies."""
        return f"arn:{self.partition}:iam::{self.account}:policy/{name}"

    def instance_profile_arn(self, name: str) -> str:
        """The ARN of one of this account's instance profiles."""
        return f"arn:{self.partition}:iam::{self.account}:instance-profile/{name}"

    def bucket_arn(self, bucket: str, keys: str = "") -> str:
        """The ARN of a bucket, or of keys in it (``"*"``)."""
        return f"arn:{self.partition}:s3:::{bucket}" + (f"/{keys}" if keys else "")
