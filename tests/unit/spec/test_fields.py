"""What is said about each field: a description, an update policy, and what may stand under it."""

from __future__ import annotations

import pytest

from tideform.spec.base import UpdatePolicy
from tideform.spec.fields import describe, keys_of, section_at
from tideform.spec.project import Project


def every_path(section: str = "") -> list[str]:
    model = section_at(tuple(section.split(".")) if section else ())
    found: list[str] = []
    for key in keys_of(model) if model else []:
        path = f"{section}.{key}".removeprefix(".")
        if key in ("storage", "training", "serving", "environments"):
            found += [path, *every_path(f"{path}.name")]
        elif key in ("notify", "waivers", "moved"):
            found += [path, *every_path(f"{path}.0")]
        else:
            found += [path, *every_path(path)]
    return found


@pytest.mark.parametrize("path", every_path())
def test_every_field_has_a_description_and_a_policy(path: str) -> None:
    field = describe(path)
    assert field is not None
    assert field.description.endswith(".")
    assert field.update in UpdatePolicy


def test_the_walk_reaches_the_depths() -> None:
    assert {"training.name.job.command", "serving.name.rollout.canary", "moved.0.from"} <= set(every_path())


def test_a_field_tells_default_choices_and_keys() -> None:
    lease, spot, job = (describe(f"training.any.{key}") for key in ("lease", "capacity.spot", "job"))
    assert lease and spot and job
    assert lease.default == "4h"
    assert spot.choices == ("prefer", "only", "never")
    assert "command" in job.keys
    assert job.required


@pytest.mark.parametrize("path", ["", "nothing", "training.any.nothing", "project.deeper", "tags.a.b"])
def test_an_unknown_path_has_no_description(path: str) -> None:
    assert describe(path) is None


def test_the_root_has_every_section() -> None:
    assert set(keys_of(Project)) >= {"storage", "network", "training", "serving", "monitoring", "compliance"}
