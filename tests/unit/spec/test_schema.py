"""The JSON Schema of the spec: valid itself, takes what is right, and says what changing a field does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tideform.spec.compose import compose
from tideform.spec.schema import json_schema
from tideform.spec.source import decode, read

BLUEPRINTS = sorted((Path(__file__).parents[3] / "blueprints").glob("*/tideform.yaml"))
HEAD = "version: 1\nproject: p\nowner: me\nregion: us-east-1\n"


def validate(text: str) -> None:
    jsonschema.Draft202012Validator(json_schema()).validate(compose(decode(text.encode(), "x")).plain())


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("file", BLUEPRINTS, ids=lambda f: f.parent.name)
def test_it_takes_each_blueprint(file: Path) -> None:
    validate(read(file).text)


def test_every_property_has_a_description() -> None:
    def bare(node: Any, where: str) -> list[str]:
        missing = [f"{where}.{k}" for k, v in node.get("properties", {}).items() if "description" not in v]
        return missing + [m for k, v in node.get("$defs", {}).items() for m in bare(v, k)]

    assert bare(json_schema(), "") == []


def test_it_says_what_changing_a_field_does() -> None:
    pool = json_schema()["$defs"]["Pool"]["properties"]
    assert (pool["lease"]["x-update"], pool["instance_types"]["x-update"]) == ("in place", "drains first")


def test_defaults_are_written_as_in_a_spec() -> None:
    assert json_schema()["$defs"]["Pool"]["properties"]["lease"]["default"] == "4h"


def test_an_override_may_give_a_part_of_a_section() -> None:
    validate(HEAD + "environments:\n  dev: {target: local, training: {nightly: {lease: 1h}}, budget: null}\n")


@pytest.mark.parametrize("key", ["project: x", "version: 1", "trainin: {}", "training: {n: {leese: 1h}}"])
def test_an_override_may_not_give_just_anything(key: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate(HEAD + f"environments:\n  dev: {{target: local, {key}}}\n")


def test_a_pool_says_in_one_way_which_machines_it_takes() -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate(HEAD + "training:\n  n: {job: {image: i, command: [x]}}\n")
