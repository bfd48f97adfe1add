"""Every blueprint is a spec that can be used as it stands, in each of its environments."""

from __future__ import annotations

from pathlib import Path

import pytest

from tideform.diagnostics import errors_in
from tideform.frameworks import known_frameworks
from tideform.paths import blueprints_dir
from tideform.plan.cost import cost_findings
from tideform.spec.load import load

BLUEPRINTS = sorted(blueprints_dir().glob("*/tideform.yaml"))


@pytest.fixture(params=BLUEPRINTS, ids=lambda file: file.parent.name)
def spec_file(request: pytest.FixtureRequest) -> Path:
    return request.param  # type: ignore[no-any-return]


def test_there_are_blueprints() -> None:
    assert {file.parent.name for file in BLUEPRINTS} >= {"quickstart", "fraud-scoring"}


def test_it_is_valid_in_every_environment(spec_file: Path) -> None:
    environments = load(spec_file, "dev").deployment.environments
    found = {name: errors_in(load(spec_file, name).diagnostics) for name in environments}
    assert found == {name: [] for name in environments}


def test_it_names_the_schema_for_editors(spec_file: Path) -> None:
    first = spec_file.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=tideform.schema.json"


def test_it_answers_to_a_framework(spec_file: Path) -> None:
    declared = load(spec_file, "dev").deployment.spec.compliance.frameworks
    assert declared and set(declared) <= known_frameworks()


def test_its_caps_make_sense(spec_file: Path) -> None:
    assert errors_in(cost_findings((), load(spec_file, "dev").deployment)) == []


def test_it_explains_itself(spec_file: Path) -> None:
    assert (spec_file.parent / "README.md").is_file()


def test_the_script_of_each_job_is_there(spec_file: Path) -> None:
    for pool in load(spec_file, "dev").deployment.spec.training.values():
        assert (spec_file.parent / pool.job.command[-1]).is_file()
