"""The objects that our own programs make for a pool, rendered offline, to be given to a real API server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.kubernetes.instance_types import REGION
from tests.unit.stacks.collecting import FULL, collect, deployment_of
from tideform.kube import Kube
from tideform.spec.deployment import Deployment

Object = dict[str, Any]
JOB = {"image": "trainer", "command": ["python", "train.py"]}
INSTANCE_TYPE = "g5.12xlarge"


def pool_fields(**fields: Any) -> dict[str, Any]:
    """An eks pool of the spec."""
    plain = {"backend": "eks", "instance_types": [INSTANCE_TYPE], "lease": "6h", "max_cost": "100 USD", "job": JOB}
    return {**plain, **fields}


def pool_objects(name: str, **fields: Any) -> list[Object]:
    """What the training program registers in the cluster for an eks pool with these fields of the spec."""
    found = collect("training", name, training={name: pool_fields(**fields)}, region=REGION)
    return [dict(each.after or {}) for each in found.resources if each.type.startswith("kubernetes:")]


def pool_deployment(name: str, **fields: Any) -> Deployment:
    """The deployment that those objects are of."""
    spec = {**FULL, "training": {name: pool_fields(**fields)}, "region": REGION}
    return deployment_of(spec, Path("/nowhere"))


def apply_all(api: Kube, objects: list[Object]) -> list[Object]:
    """Apply them in order; returns what the API server kept."""
    return [api.apply(each) for each in objects]


def lost(sent: Any, kept: Any, path: str = "") -> list[str]:
    """Paths of what was sent and is not there, or is another value."""
    if isinstance(sent, Mapping):
        there = kept if isinstance(kept, Mapping) else {}
        return [each for key, value in sent.items() for each in lost(value, there.get(key), f"{path}.{key}")]
    if isinstance(sent, list):
        found = kept if isinstance(kept, list) else []
        padded = [*found, *[None] * (len(sent) - len(found))]
        return [each for i, value in enumerate(sent) for each in lost(value, padded[i], f"{path}[{i}]")]
    return [] if _same(sent, kept) else [f"{path}: {sent!r} became {kept!r}"]


def _same(sent: Any, kept: Any) -> bool:
    """Quantities come back in another form (16 for 16000m), and some fields leave out what is their zero."""
    from kubernetes.utils import parse_quantity

    if sent == kept or (sent is False and kept is None):
        return True
    try:
        return bool(parse_quantity(sent) == parse_quantity(kept))
    except (ValueError, TypeError):
        return False
