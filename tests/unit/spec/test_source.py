"""Reading the file: whatever is given, it ends in text or in one diagnostic."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tideform.errors import SpecError
from tideform.spec.load import load
from tideform.spec.source import MAX_BYTES, decode, read


def code_of(file: Path) -> str:
    with pytest.raises(SpecError) as caught:
        read(file)
    (found,) = caught.value.diagnostics
    return found.code


def test_a_missing_file_is_told_with_the_way_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        load(tmp_path / "tideform.yaml")
    (found,) = caught.value.diagnostics
    assert found.code == "TD001"
    assert "tideform init" in found.fix


def test_a_folder_is_told_with_the_file_that_was_probably_meant(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        read(tmp_path)
    (found,) = caught.value.diagnostics
    assert (found.code, str(tmp_path / "tideform.yaml") in found.fix) == ("TD002", True)


def test_a_pipe_is_refused_before_it_can_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert code_of(tmp_path / "pipe") == "TD002"


def test_an_endless_device_is_refused() -> None:
    assert code_of(Path("/dev/zero")) == "TD002"


def test_a_path_through_a_file_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert code_of(tmp_path / "file" / "tideform.yaml") == "TD003"


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_an_impossible_path_is_no_traceback(name: str) -> None:
    assert code_of(Path(name)) == "TD003"


def test_a_circle_of_links_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "a")
    assert code_of(tmp_path / "a") == "TD003"


def test_fifty_megabytes_are_not_read(tmp_path: Path) -> None:
    file = tmp_path / "huge.yaml"
    with file.open("wb") as stream:
        stream.truncate(50 * 1024 * 1024)
    assert code_of(file) == "TD004"


def test_a_file_of_just_the_largest_size_is_read(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_bytes(b"#" * MAX_BYTES)
    assert len(read(file).text) == MAX_BYTES


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert decode(b"\xef\xbb\xbfversion: 1\n", "x").text == "version: 1\n"


def test_what_is_not_utf8_is_told_with_line_and_column() -> None:
    with pytest.raises(SpecError) as caught:
        decode(b"a: b\nc: \xe9t\xe9\n", "x")
    (found,) = caught.value.diagnostics
    assert found.code == "TD005"
    assert str(found.location) == "x:2:4"


def test_the_digest_is_of_the_bytes() -> None:
    assert decode(b"a: 1\n", "x").digest != decode(b"a: 1\r\n", "x").digest
