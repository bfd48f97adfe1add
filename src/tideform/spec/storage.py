"""``storage:`` buckets by what they hold."""

from __future__ import annotations

from typing import Annotated, Literal

from tideform.spec.base import REPLACE, Model, about
from tideform.spec.quantities import Duration

Kind = Literal["dataset", "models", "scratch"]
Classification = Literal["public", "internal", "confidential", "restricted"]


class Store(Model):
    """One bucket: encrypted, versioned if its kind wants it, private, TLS only."""

    kind: Annotated[Kind, about("What it holds; scratch can be made again, but `destroy` wants its data named, too.")]
    versioning: Annotated[bool | None, about("Keep old versions; by default on, and off for scratch.")] = None
    retention: Annotated[Duration | None, about("How long old versions are kept.")] = None
    expire_after: Annotated[Duration | None, about("Delete objects of this age.")] = None
    classification: Annotated[Classification, about("How sensitive the data is; controls ask.")] = "internal"
    remote: Annotated[
        Literal["dvc", "lakefs", "delta"] | None, about("Ready to be the remote of this tool.", REPLACE)
    ] = None

    @property
    def versioned(self) -> bool:
        """Whether old versions are kept."""
        return self.kind != "scratch" if self.versioning is None else self.versioning

    @property
    def holds_data(self) -> bool:
        """Whether losing the bucket loses something that cannot be made again."""
        return self.kind != "scratch"
