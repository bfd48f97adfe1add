"""A key without a value is no decision: it is told, and not taken for the absence of a cap."""

from __future__ import annotations

from pathlib import Path

import pytest

from tideform.errors import SpecError
from tideform.spec.deployment import Deployment
from tideform.spec.load import load

SPEC = """\
version: 1
project: demo
owner: a@example.com
region: us-east-1
environments: {dev: {target: local%s}}
training:
  fit:
    instance_types: [g5.xlarge]
    max_cost: %s
    job: {image: trainer, command: [python, train.py]}
"""


def read(folder: Path, cost: str, override: str = "", more: str = "") -> Deployment:
    file = folder / "tideform.yaml"
    file.write_text(SPEC % (override, cost) + more)
    return load(file, "dev").deployment


@pytest.mark.parametrize("empty", ["", "null", "~", "# 5 USD"])
def test_a_cap_without_a_value_is_refused_at_its_place(tmp_path: Path, empty: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(tmp_path, empty)
    (found,) = caught.value.diagnostics
    assert (found.code, found.path) == ("TD102", "training.fit.max_cost")
    assert found.location is not None
    assert found.location.line == 9


def test_so_is_a_whole_section(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        read(tmp_path, "5 USD", more="budget:\n")
    assert [(one.code, one.path) for one in caught.value.diagnostics] == [("TD102", "budget")]


def test_what_is_wrong_without_a_value_anyway_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        read(tmp_path, "5 USD", more="storage:\n")
    assert [one.path for one in caught.value.diagnostics] == ["storage"]


def test_an_environment_takes_a_key_away_with_null(tmp_path: Path) -> None:
    found = read(tmp_path, "5 USD", ", training: {fit: {max_cost: null}}")
    assert found.spec.training["fit"].max_cost is None


def test_environments_that_are_no_mapping_are_told_once_whichever_is_wanted(tmp_path: Path) -> None:
    file = tmp_path / "tideform.yaml"
    file.write_text("version: 1\nproject: p\nowner: me\nregion: us-east-1\nenvironments: dev\n")
    with pytest.raises(SpecError) as caught:
        load(file, "dev")
    assert [one.code for one in caught.value.diagnostics] == ["TD102"]
