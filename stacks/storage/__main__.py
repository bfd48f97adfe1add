"""Storage: one safe bucket a store, and the experiment tracker if the spec wants one.

foundation's key ──┬── bucket … bucket
                   ├── captures: what endpoints saw and answered
                   └── tracking server ── its artifacts
"""

import pulumi

from tideform.components.jobs.trigger import watched
from tideform.components.program import deployment, provider, upstream
from tideform.components.scope import Scope
from tideform.components.storage.store import CaptureBucket, StoreBucket
from tideform.components.tracking import TrackingServer

target = deployment()
scope = Scope(target, "storage")
opts = pulumi.ResourceOptions(provider=provider(target))
key_arn = upstream("foundation")["kms_key_arn"]

told = watched(target.spec)
stores = {
    name: StoreBucket(name, store, scope, key_arn=key_arn, watched=name in told, opts=opts)
    for name, store in target.spec.storage.items()
}
if any(endpoint.capture for endpoint in target.spec.serving.values()):
    CaptureBucket(scope, key_arn=key_arn, opts=opts)
if target.spec.tracking is not None:
    TrackingServer(target.spec.tracking, scope, key_arn=key_arn, opts=opts)

pulumi.export("buckets", {name: store.bucket.bucket for name, store in stores.items()})
pulumi.export("bucket_arns", {name: store.bucket.arn for name, store in stores.items()})
