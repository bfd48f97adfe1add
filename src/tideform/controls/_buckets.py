"""The buckets of a plan with their settings: what all S3 controls look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tideform.controls._evidence import attached
from tideform.controls.base import Evidence, Match
from tideform.model.planned import PlannedResource
from tideform.spec.storage import Store

BUCKET = "aws:s3/bucket:Bucket"


@dataclass(frozen=True)
class PlannedBucket:
    """One bucket; ``name`` and ``store`` are the spec's, where it names the bucket (not the audit bucket)."""

    resource: PlannedResource
    name: str
    store: Store | None
    _plan: Evidence

    def setting(self, token: str) -> Mapping[str, Any] | None:
        """The inputs of the bucket's setting of this type; None if the plan has none."""
        found = attached(self._plan, token, self.resource, "bucket")
        return None if found is None else found.after

    def match(self, detail: str, *, field: str = "", undecided: bool = False) -> Match:
        """A finding about this bucket, at ``storage.<name>.<field>`` of the spec."""
        path = ".".join(part for part in ("storage", self.name, field) if part) if self.store else ""
        return Match(self.resource.address, detail, path, self.name, undecided)


def buckets(plan: Evidence) -> Iterator[PlannedBucket]:
    """Every bucket that will be there after the apply."""
    stores = plan.deployment.spec.storage
    names = {plan.deployment.unique_name(name): name for name in stores}
    for resource in plan.of(BUCKET):
        bucket = (resource.after or {}).get("bucket")
        name = names.get(bucket, resource.name) if isinstance(bucket, str) else resource.name
        store = stores.get(name) if resource.program == "storage" else None
        yield PlannedBucket(resource, name, store, plan)
