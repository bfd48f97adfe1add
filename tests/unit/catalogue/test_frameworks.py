"""Frameworks are data: complete, and in step with the controls."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tideform.controls import known_controls
from tideform.frameworks import framework, known_frameworks, requirements


def test_the_three_of_the_first_version_are_there() -> None:
    assert known_frameworks() >= {"hipaa", "pci-dss", "gdpr"}


@pytest.mark.parametrize("name", sorted(known_frameworks()))
def test_every_requirement_is_answered_by_controls_that_exist(name: str) -> None:
    for requirement in requirements(name):
        assert requirement.controls
        assert set(requirement.controls) <= known_controls()


@pytest.mark.parametrize("name", sorted(known_frameworks()))
def test_requirements_have_words_and_a_source(name: str) -> None:
    for requirement in requirements(name):
        assert requirement.id and requirement.title and "\n" not in requirement.text
        assert requirement.source.startswith("https://")


@pytest.mark.parametrize("name", sorted(known_frameworks()))
def test_requirement_ids_are_unique(name: str) -> None:
    ids = [requirement.id for requirement in requirements(name)]
    assert len(ids) == len(set(ids))


def test_every_control_answers_to_some_framework() -> None:
    assert {c for name in known_frameworks() for c in framework(name).controls} == known_controls()


def test_an_unknown_framework_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        framework("pci")


def test_the_names_are_light() -> None:
    code = (
        "import sys; from tideform.frameworks import known_frameworks; "
        "from tideform.controls import known_controls; known_frameworks(); known_controls(); "
        "print({'pulumi', 'boto3', 'typer', 'rich'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
