"""``storage:`` buckets by what they hold."""

from __future__ import annotations

from typing import Literal

from tideform.spec.base import Model
from tideform.spec.quantities import Duration


class Store(Model):
    """One bucket: encrypted, versioned if its kind wants it, private, TLS only."""

    kind: Literal["dataset", "models", "scratch"]
    versioning: bool | None = None  # default: on for dataset and models, off for scratch
    retention: Duration | None = None
    expire_after: Duration | None = None
    classification: Literal["public", "internal", "confidential", "restricted"] = "internal"
    remote: Literal["dvc", "lakefs", "delta"] | None = None

    @property
    def versioned(self) -> bool:
        """Whether old versions are kept."""
        return self.kind != "scratch" if self.versioning is None else self.versioning

    @property
    def holds_data(self) -> bool:
        """Whether losing the bucket loses something that cannot be made again."""
        return self.kind != "scratch"
