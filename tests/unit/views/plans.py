"""Plans made by hand, for tests of what users see of them."""

from __future__ import annotations

import json
from typing import Any

from tideform.diagnostics import Diagnostic, Severity
from tideform.model.planned import (
    SECRET,
    UNKNOWN,
    Action,
    Deferred,
    Dormant,
    OutputChange,
    Plan,
    PlannedResource,
    PoolChoice,
    PriceLine,
    PropertyChange,
)

BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"


def plan(*resources: PlannedResource, **fields: Any) -> Plan:
    """A plan of the quickstart in dev, with these resources."""
    about = {
        "project": "quickstart",
        "environment": "dev",
        "target": "local",
        "account": "123456789012",
        "region": "us-east-1",
        "offline": False,
    }
    return Plan(**{**about, "resources": resources, **fields})


def created(name: str = "digits", program: str = "storage", type_: str = BUCKET, **after: Any) -> PlannedResource:
    """A resource that will be created."""
    return PlannedResource(program, type_, name, Action.CREATE, None, after or {"bucket": f"quickstart-{name}"})


def updated(before: dict[str, Any], after: dict[str, Any], *paths: str, **fields: Any) -> PlannedResource:
    """A resource that will be updated; ``paths`` are what the engine reports as changed."""
    changes = tuple(PropertyChange(p, None, None) for p in paths)
    return PlannedResource("storage", BUCKET, "digits", Action.UPDATE, before, after, changes, **fields)


def policy(*actions: str) -> str:
    """A policy document as AWS takes it."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def everything() -> Plan:
    """One of each: what a reader of a plan can meet."""
    queue = PlannedResource(
        "training/nightly",
        "aws:batch/jobQueue:JobQueue",
        "nightly",
        Action.REPLACE,
        {"name": "old", "priority": 1, "state": "ENABLED"},
        {"name": "new", "priority": 1, "state": "ENABLED", "computeEnvironments": [UNKNOWN]},
        (PropertyChange("name", "old", "new", forces_replacement=True),),
        replace_keys=("name",),
        delete_before_replace=True,
        id="arn:aws:batch:us-east-1:123456789012:job-queue/old",
    )
    access = PlannedResource(
        "storage",
        POLICY,
        "models",
        Action.UPDATE,
        {"bucket": "models", "policy": policy("s3:GetObject", "s3:PutObject")},
        {"bucket": "models", "policy": policy("s3:GetObject", "s3:DeleteObject")},
        (PropertyChange("policy", "", ""),),
        id="models",
    )
    topic = PlannedResource(
        "monitoring", "aws:sns/topic:Topic", "alarms", Action.DELETE, {"name": "alarms", "key": SECRET}, None,
        protect=True, id="arn:aws:sns:us-east-1:123456789012:alarms",
    )  # fmt: skip
    kept = PlannedResource("foundation", "aws:ec2/vpc:Vpc", "main", Action.NO_OP, {"a": 1}, {"a": 1})
    drifted = updated({"tags": {"team": "ml"}}, {"tags": {"team": "ops"}}, "tags.team")
    return plan(
        queue,
        topic,
        kept,
        access,
        created(bucket="quickstart-dev-digits", forceDestroy=False, tags={"team": "ml", "cost center": "7"}),
        outputs=(
            OutputChange("storage", "buckets", None, {"digits": UNKNOWN}),
            OutputChange("foundation", "vpc_id", "vpc-1", "vpc-1"),
            OutputChange("monitoring", "topic_arn", "arn:old", None),
        ),
        deferred=(Deferred("serving/score", "no approved version in models"),),
        pools=(
            PoolChoice(
                "training/burst",
                "up to 2 machines with 1 of 1..2 A10G each: g5.xlarge or g5.2xlarge, the cheapest first",
                ("spot: g5.xlarge or g5.2xlarge in us-east-1a, about 0.41 to 0.48 USD an hour each",),
                (("g5.48xlarge", "it has 8"), ("g5g.xlarge", "another GPU")),
                "up to 2 x g5.2xlarge = 2.42 USD an hour, at worst 2.83 USD for a lease of 1h",
            ),
        ),
        dormant=(Dormant("training/burst", "1 x g5.xlarge, at most 1.01 USD an hour", 4),),
        removed_programs=("serving/old",),
        findings=(Diagnostic("TD701", Severity.WARNING, "A bucket is not versioned", fix="Set it"),),
        prices=(
            PriceLine("foundation.aws_ec2_vpc_endpoint.s3", "VPC endpoint", 0.02, "two zones"),
            PriceLine("storage.aws_s3_bucket.digits", "S3 standard storage", None, "priced by use"),
            PriceLine("training/burst.aws_batch_compute_environment.burst", "g5.xlarge", 1.006),
        ),
        refreshed=(drifted,),
        meta={"not_emulated": ["aws:sns/topic:Topic.kmsMasterKeyId"]},
    )
