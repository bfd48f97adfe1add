"""A spec that uses everything that this version makes, and the programs that it has.

Whatever a program can plan is planned by one of these: a type that only another spec brings is missing here.
"""

from __future__ import annotations

from typing import Any

from tests.unit.stacks.collecting import FULL

JOB = {"image": "trainer", "command": ["python", "train.py"], "inputs": ["transactions"], "outputs": ["models"]}
NIGHTLY = {**FULL["training"]["nightly"], "schedule": "cron(0 2 1 1 ? *)"}

# One pool of each backend that starts by itself, and one each with what changes its definitions.
TRAINING: dict[str, Any] = {
    "nightly": NIGHTLY,
    "desk": {**FULL["training"]["desk"], "schedule": "cron(0 3 1 1 ? *)"},
    "managed": {
        "backend": "sagemaker",
        "instance_types": ["ml.m5.large"],
        "lease": "1h",
        "schedule": "cron(0 4 1 1 ? *)",
        "job": {**JOB, "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/trainer:1"},
    },
    "arriving": {
        "instance_types": ["c5.large"],
        "lease": "1h",
        "trigger": {"store": "transactions", "prefix": "new/"},
        "job": JOB,
    },
    "reserved": {
        "instance_types": ["c5.large"],
        "lease": "1h",
        "zones": ["a"],
        "capacity": {"spot": "never", "blocks": ["cr-0123456789abcdef0"]},
        "job": JOB,
    },
    "passing": {
        "instance_types": ["c5.large"],
        "lease": "1h",
        "between_bursts": "remove",
        "job": {**JOB, "build": "image", "secrets": {"TOKEN": "secret:hub"}},
    },
    "wide": {
        "instance_types": ["p4d.24xlarge"],
        "nodes": 2,
        "interconnect": "efa",
        "lease": "1h",
        "job": {**JOB, "nodes": 2},
    },
}
# Its objects need a cluster that answers, so what is applied in a sandbox goes without it.
ON_KUBERNETES: dict[str, Any] = {"clustered": {**FULL["training"]["nightly"], "backend": "eks"}}
WITHOUT_KUBERNETES: dict[str, Any] = {
    "training": TRAINING,
    "budget": {"monthly": "40000 USD", "alerts": ["50%", "80%"], "hard_stop": True},
}
EVERYTHING: dict[str, Any] = {**WITHOUT_KUBERNETES, "training": {**TRAINING, **ON_KUBERNETES}}

PROGRAMS: tuple[tuple[str, str | None], ...] = (
    ("foundation", None),
    ("storage", None),
    ("compliance", None),
    *(("training", name) for name in EVERYTHING["training"]),
    ("serving", "score"),
    ("monitoring", None),
)
