"""Layer programs run offline, on specs that a test writes as Python values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tideform.engine.base import Preview, Program
from tideform.engine.offline import OfflineCollector
from tideform.paths import stacks_dir
from tideform.plan.model import UNKNOWN, Outputs
from tideform.spec.deployment import Deployment
from tideform.spec.project import Environment, Project

Collect = Callable[..., Preview]

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

UPSTREAM: dict[str, Outputs] = {
    "foundation": {
        "vpc_id": "vpc-0abc",
        "private_subnet_ids": ["subnet-0a", UNKNOWN],
        "endpoint_security_group_id": "sg-0e",
        "workload_security_group_id": UNKNOWN,
        "kms_key_arn": UNKNOWN,
        "kms_key_id": UNKNOWN,
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


@pytest.fixture
def collect(tmp_path: Path) -> Collect:
    """``collect(layer, unit, **overrides)``: what the layer's program registers for the full spec."""

    def run(layer: str, unit: str | None = None, **overrides: Any) -> Preview:
        deployment = deployment_of({**FULL, **overrides}, tmp_path)
        program = Program(layer, deployment.name, stacks_dir() / layer / "__main__.py", unit)
        return OfflineCollector(deployment).preview(program, UPSTREAM)

    return run
