"""Every file of the corpus ends in exactly the verdict that its name says, each finding with a place and a reason."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tideform.diagnostics import Diagnostic, Severity, errors_in
from tideform.errors import SpecError
from tideform.spec.compose import compose
from tideform.spec.load import load
from tideform.spec.schema import json_schema
from tideform.spec.source import read

CORPUS = Path(__file__).parents[2] / "corpus"
FILES = sorted(CORPUS.glob("*.yaml"))
# What a schema can see, too: keys, types, words and shapes.
STRUCTURAL = {"TD100", "TD101", "TD102", "TD103"}
# Findings that no single line is to blame for.
WITHOUT_PLACE = {"TD009", "TD131"}


def expected(file: Path) -> set[str]:
    verdict = file.stem.split("-")[0]
    return set() if verdict == "valid" else set(verdict.split("+"))


def findings(file: Path) -> tuple[Diagnostic, ...]:
    try:
        loaded = load(file, None if b"environments:" not in file.read_bytes() else first_environment(file))
    except SpecError as error:
        return error.diagnostics
    return loaded.diagnostics


def first_environment(file: Path) -> str | None:
    names = compose(read(file)).child("environments")
    return next(iter(names.entries), None) if names else None


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_broken_spec_gets_exactly_the_codes_in_its_name(file: Path) -> None:
    assert {d.code for d in errors_in(findings(file))} == expected(file)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_every_error_names_its_place_and_says_what_is_wrong(file: Path) -> None:
    for found in errors_in(findings(file)):
        assert found.detail
        assert found.location or found.code in WITHOUT_PLACE


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_nothing_is_said_twice(file: Path) -> None:
    said = [(found.code, found.detail, found.location and found.location.line) for found in findings(file)]
    assert len(said) == len(set(said))


@pytest.mark.parametrize("file", [f for f in FILES if expected(f) and expected(f) <= STRUCTURAL], ids=lambda f: f.stem)
def test_the_json_schema_refuses_what_is_structurally_wrong(file: Path) -> None:
    data = compose(read(file)).plain()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema()).validate(data)


@pytest.mark.parametrize("file", [f for f in FILES if not expected(f)], ids=lambda f: f.stem)
def test_the_json_schema_takes_what_is_valid(file: Path) -> None:
    jsonschema.Draft202012Validator(json_schema()).validate(compose(read(file)).plain())


def test_no_diagnostic_repeats_a_secret() -> None:
    for file in CORPUS.glob("TD15*.yaml"):
        text = json.dumps([str(found) for found in findings(file)])
        assert "hunter2" not in text
        assert "AKIAIOSFODNN7EXAMPLE" not in text


def test_an_unknown_region_is_only_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "tideform.yaml"
    file.write_text("version: 1\nproject: p\nowner: me\nregion: us-esat-1\n", encoding="utf-8")
    (found,) = load(file).diagnostics
    assert (found.code, found.severity, found.fix) == ("TD170", Severity.WARNING, "Did you mean 'us-east-1'?")


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_every_error_has_a_fix(file: Path) -> None:
    assert [found.code for found in errors_in(findings(file)) if not found.fix] == []
