"""Saved plans: what goes into the file comes out again, and no file whatever does harm."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.unit.views.plans import created, everything, plan
from tideform.errors import RefusedError
from tideform.model.planned import SECRET, UNKNOWN
from tideform.plan.markers import decode, encode
from tideform.plan.saved import LIMIT, Provenance, SavedPlan, load_saved, save

DIGEST = "a" * 64
PROVENANCE = Provenance(DIGEST, {"engine": "3.250.0"}, {"storage": DIGEST, "foundation": ""}, commit="c0ffee")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "the.plan"
    save(SavedPlan.of(everything(), PROVENANCE, unit="nightly"), path)
    return path


def edited(file: Path, **fields: Any) -> Path:
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))
    return file


def test_what_was_saved_is_loaded(file: Path) -> None:
    assert load_saved(file) == SavedPlan.of(everything(), PROVENANCE, unit="nightly")


@pytest.mark.parametrize("refreshed", [True, False])
def test_it_remembers_whether_what_stands_was_read_back(tmp_path: Path, refreshed: bool) -> None:
    save(SavedPlan.of(plan(), PROVENANCE, refreshed=refreshed), tmp_path / "the.plan")
    assert load_saved(tmp_path / "the.plan").refreshed is refreshed


def test_only_its_owner_can_read_it(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600


def test_saving_again_replaces_the_file(file: Path) -> None:
    save(SavedPlan.of(plan(created()), PROVENANCE), file)
    assert len(load_saved(file).resources) == 1


def test_nothing_but_the_file_is_left_in_the_folder(file: Path) -> None:
    assert list(file.parent.iterdir()) == [file]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="cannot be saved"):
        save(SavedPlan.of(plan(), PROVENANCE), tmp_path / "absent" / "x")


@pytest.mark.parametrize(
    "value",
    [
        UNKNOWN,
        SECRET,
        {"a": [UNKNOWN, {"b": SECRET}], "c": None, "d": 1.5, "e": True},
        {"$tideform": "unknown"},
        {"$tideform": {"$tideform": "map", "value": {}}},
        "(known after apply)",
    ],
)
def test_markers_are_never_mistaken(value: Any) -> None:
    assert decode(json.loads(json.dumps(encode(value)))) == value


@pytest.mark.parametrize("forged", [{"$tideform": "root"}, {"$tideform": ["unknown"]}, {"$tideform": "map", "x": 1}])
def test_a_marker_that_there_is_not_is_refused(forged: Any) -> None:
    with pytest.raises(ValueError, match="no marker"):
        decode(forged)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04\x95",  # a pickle
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"format": "tideform-plan"}',
        b"[" * 100_000,
        b'{"format_version":"1.2","resource_changes":[]}',
    ],
)
def test_what_is_no_saved_plan_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(RefusedError, match="not a saved plan"):
        load_saved(path)


@pytest.mark.parametrize(
    "fields",
    [
        {"extra": 1},
        {"format_version": 2},
        {"spec_digest": "../../etc/passwd"},
        {"target": "gcp"},
        {"resources": [{"program": "a"}]},
        {"outputs": [{"program": "a", "name": "b", "after": {"$tideform": "boo"}}]},
    ],
)
def test_a_file_with_a_field_that_does_not_fit_is_refused(file: Path, fields: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="not a saved plan"):
        load_saved(edited(file, **fields))


def test_a_resource_whose_inputs_are_a_marker_is_refused(file: Path) -> None:
    resource = {**json.loads(file.read_text())["resources"][0], "after": {"$tideform": "unknown"}}
    with pytest.raises(RefusedError, match="not a saved plan"):
        load_saved(edited(file, resources=[resource]))


def test_values_nested_too_deep_are_refused(file: Path) -> None:
    deep = '{"a":' * 900 + "1" + "}" * 900
    resource = json.dumps({**json.loads(file.read_text())["resources"][0], "after": {"x": "DEEP"}})
    data = json.loads(file.read_text())
    file.write_text(json.dumps({**data, "resources": "R"}).replace('"R"', f"[{resource}]").replace('"DEEP"', deep))
    with pytest.raises(RefusedError, match="not a saved plan"):
        load_saved(file)


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with path.open("wb") as file:
        file.truncate(LIMIT + 1)
    with pytest.raises(RefusedError, match="not a saved plan"):
        load_saved(path)


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(RefusedError, match="not a saved plan"):
        load_saved(path)


@pytest.mark.parametrize("name", [".", "absent", "x" * 300, "/dev/zero"])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RefusedError, match="not a saved plan"):
        load_saved(tmp_path / name)


def test_no_secret_is_in_the_file(file: Path) -> None:
    assert '"key":{"$tideform":"secret"}' in file.read_text().replace(" ", "").replace("\n", "")


def test_a_plan_that_cannot_take_its_place_leaves_no_file(file: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    before = {f.name for f in tmp_path.iterdir()}
    with pytest.raises(RefusedError):
        save(load_saved(file), tmp_path / "taken")
    assert {f.name for f in tmp_path.iterdir()} == before


def test_a_plan_is_written_over_an_earlier_one(file: Path) -> None:
    save(SavedPlan.of(plan(), PROVENANCE), file)
    assert load_saved(file).resources == ()


def a_spec(path: Path) -> None:
    path.write_text("version: 1\n")


def other_json(path: Path) -> None:
    path.write_text("{}")


@pytest.mark.parametrize("stands", [a_spec, other_json, os.mkfifo, Path.mkdir])
def test_nothing_else_is_written_over(stands: Any, tmp_path: Path) -> None:
    path = tmp_path / "tideform.yaml"
    stands(path)
    before = path.stat()
    with pytest.raises(RefusedError) as caught:
        save(SavedPlan.of(plan(), PROVENANCE), path)
    assert (caught.value.diagnostics[0].code, path.stat()) == ("TD339", before)
