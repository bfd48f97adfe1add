"""Layer programs run offline, on a spec that uses everything and that a test changes in places."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tideform.engine.offline import OfflineCollector
from tideform.model.engine import Preview, Program
from tideform.model.planned import Outputs, PlannedResource
from tideform.paths import stacks_dir
from tideform.spec.deployment import Deployment
from tideform.spec.project import Environment, Project

FULL: dict[str, Any] = {
    "version": 1,
    "project": "fraud-scoring",
    "owner": "ml@example.com",
    "region": "eu-west-1",
    "tags": {"team": "risk"},
    "budget": {"monthly": "4000 USD", "alerts": ["50%", "80%"]},
    "storage": {
        "transactions": {
            "kind": "dataset", "retention": "7y", "classification": "restricted", "remote": "dvc"
        },
        "models": {"kind": "models"},
        "scratch": {"kind": "scratch", "expire_after": "14d"},
    },
    "tracking": {"kind": "mlflow"},
    "training": {
        "nightly": {
            "accelerator": {"name": "A10G", "count": "1..32"},
            "lease": "6h",
            "job": {
                "image": "trainer",
                "command": ["python", "train.py"],
                "inputs": ["transactions"],
                "outputs": ["models"],
            },
        },
        "small": {
            "instance_types": ["c5.large"],
            "capacity": {"spot": "never"},
            "job": {"image": "trainer:2", "command": ["python", "-V"], "secrets": {"TOKEN": "secret:hub"}},
        },
        "desk": {
            "backend": "ec2",
            "instance_types": ["p4d.24xlarge"],
            "nodes": 2,
            "interconnect": "efa",
            "lease": "1h",
            "job": {"image": "trainer", "command": ["torchrun", "train.py"], "nodes": 2},
        },
    },
    "serving": {
        "score": {
            "model": {"from": "models", "version": "approved"},
            "instance_type": "ml.m5.xlarge",
            "scale": {"min": 1, "max": 10, "target_invocations": 200},
            "rollout": {"canary": "10%", "bake": "15m"},
            "capture": {"sample": "20%"},
        }
    },
    "monitoring": {
        "notify": [
            {"email": "oncall@example.com"},
            {"sqs": "arn:aws:sqs:eu-west-1:123456789012:pages"},
            {"https": "https://example.com/hook"},
        ]
    },
    "compliance": {"frameworks": ["gdpr"]},
}  # fmt: skip

PINNED = {"score": "score/3/model.tar.gz"}

UPSTREAM: dict[str, Outputs] = {
    "foundation": {
        "vpc_id": "vpc-0abc",
        "private_subnet_ids": ["subnet-0a", "subnet-0b"],
        "endpoint_security_group_id": "sg-0e",
        "workload_security_group_id": "sg-0w",
        "kms_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/0k",
        "kms_key_id": "0k",
        "lease_table_name": "leases",
        "lease_table_arn": "arn:aws:dynamodb:eu-west-1:123456789012:table/leases",
    },
    "storage": {"buckets": {}, "bucket_arns": {}},
}


def deployment_of(spec: Mapping[str, Any], folder: Path, environment: str = "dev") -> Deployment:
    """A deployment to the sandbox, without a file."""
    settings = Environment(target="local")
    return Deployment(
        spec=Project(**spec),
        environment=environment,
        settings=settings,
        spec_file=folder / "tideform.yaml",
        digest="0" * 64,
    )


def collect(layer: str, unit: str | None = None, *, pinned: Mapping[str, str] = PINNED, **overrides: Any) -> Preview:
    """What the layer's program registers for the full spec with ``overrides``, once foundation stands."""
    return _collect(layer, unit, json.dumps(dict(pinned)), json.dumps({**FULL, **overrides}))


def collect_on(foundation: Outputs, layer: str, unit: str) -> Preview:
    """What the unit's program registers where foundation exports this."""
    upstream = {**UPSTREAM, "foundation": {**UPSTREAM["foundation"], **foundation}}
    return _run(layer, unit, json.dumps(PINNED), json.dumps(FULL), upstream)


@cache
def _collect(layer: str, unit: str | None, pinned: str, spec: str) -> Preview:
    return _run(layer, unit, pinned, spec, UPSTREAM)


def _run(layer: str, unit: str | None, pinned: str, spec: str, upstream: Mapping[str, Outputs]) -> Preview:
    with TemporaryDirectory() as folder:
        pins = Path(folder, ".tideform", "dev", "pins.json")
        pins.parent.mkdir(parents=True)
        pins.write_text(pinned, encoding="utf-8")
        deployment = deployment_of(json.loads(spec), Path(folder))
        program = Program(layer, deployment.name, stacks_dir() / layer / "__main__.py", unit)
        return OfflineCollector(deployment).preview(program, upstream)


def of_type(found: Preview, noun: str) -> list[PlannedResource]:
    """The resources whose type ends in ``noun``: ``of_type(found, "Bucket")``."""
    return [r for r in found.resources if r.type.rpartition(":")[2] == noun]


def inputs(found: Preview, noun: str, name: str) -> Mapping[str, Any]:
    """The inputs of one resource."""
    (resource,) = [r for r in of_type(found, noun) if r.name == name]
    assert resource.after is not None
    return resource.after


def statements(text: str) -> list[dict[str, Any]]:
    """The statements of a policy document."""
    found: list[dict[str, Any]] = json.loads(text)["Statement"]
    return found
