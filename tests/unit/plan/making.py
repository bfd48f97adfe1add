"""Deployments and planned resources for tests of the pure plan modules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tideform.model.planned import Action, PlannedResource
from tideform.spec.deployment import Deployment
from tideform.spec.project import Project


def deployment(region: str = "us-east-1", **sections: Any) -> Deployment:
    """A project ``demo`` in a local environment, with these sections."""
    spec = Project.model_validate(
        {
            "version": 1,
            "project": "demo",
            "owner": "a@example.com",
            "region": region,
            "environments": {"dev": {"target": "local"}},
            **sections,
        }
    )
    return Deployment(spec, "dev", spec.environments["dev"], Path("tideform.yaml"), "")


def resource(token: str, name: str = "one", program: str = "foundation", **after: Any) -> PlannedResource:
    """Something that will be created with these inputs."""
    return PlannedResource(program, token, name, Action.CREATE, None, after)


def pool(**fields: Any) -> dict[str, Any]:
    """A training section with one pool, ``nightly``."""
    job = {"image": "trainer", "command": ["python", "train.py"]}
    return {"nightly": {"instance_types": ["g5.xlarge"], "job": job, **fields}}
