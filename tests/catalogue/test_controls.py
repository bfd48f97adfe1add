"""Every control against its cases; the file name says ``<control>__<expected verdict>__<what it shows>.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tideform.controls import controls, known_controls
from tideform.controls.base import Evidence
from tideform.model.planned import UNKNOWN, Action, PlannedResource
from tideform.spec.deployment import Deployment
from tideform.spec.project import Project

CASES = sorted((Path(__file__).parent / "cases" / "controls").glob("*.json"))


def named(file: Path) -> tuple[str, str]:
    control, verdict, _ = file.stem.split("__")
    return control.replace("_", "-"), verdict


def revealed(value: Any) -> Any:
    """Case files write an unknown value the way that plans show it."""
    if isinstance(value, dict):
        return {key: revealed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [revealed(item) for item in value]
    return UNKNOWN if value == repr(UNKNOWN) else value


def evidence(file: Path) -> Evidence:
    case = json.loads(file.read_text(encoding="utf-8"))
    spec = Project.model_validate(
        {
            "version": 1,
            "project": "demo",
            "owner": "a@example.com",
            "region": case.get("region", "us-east-1"),
            "environments": {"dev": {"target": "local"}},
            "storage": case.get("storage", {}),
        }
    )
    deployment = Deployment(spec, "dev", spec.environments["dev"], file, "")
    return Evidence([resource(item) for item in case["resources"]], deployment)


def resource(item: dict[str, Any]) -> PlannedResource:
    after = revealed(item["after"])
    return PlannedResource(
        program=item["program"],
        type=item["type"],
        name=item["name"],
        action=Action.DELETE if after is None else Action.CREATE,
        before=None,
        after=after,
        dependencies=tuple(item.get("dependencies", ())),
    )


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_the_verdict_is_the_one_in_the_name(file: Path) -> None:
    control, verdict = named(file)
    matches = list(controls()[control].check(evidence(file)))
    found = "pass" if not matches else "undecided" if all(m.undecided for m in matches) else "fail"
    assert found == verdict, [m.detail for m in matches]


def test_every_control_has_a_case_that_passes_and_one_that_fails() -> None:
    covered = {named(file) for file in CASES}
    assert covered >= {(control, verdict) for control in known_controls() for verdict in ("pass", "fail")}


@pytest.mark.parametrize("control", sorted(known_controls()))
def test_a_control_explains_itself(control: str) -> None:
    entry = controls()[control]
    assert entry.title and entry.description and entry.fix
    assert entry.source.startswith("https://")
