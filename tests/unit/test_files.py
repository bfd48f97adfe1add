"""Whatever stands under a name, reading it and putting a file there end."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tideform.files import read_plain, replace_plain


def test_a_plain_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert read_plain(tmp_path / "a", 3) == b"abc"


def test_a_larger_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    with pytest.raises(OSError, match="more than") as refused:
        read_plain(tmp_path / "a", 2)
    assert refused.value.errno == errno.EFBIG


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "device").symlink_to("/dev/zero")
    with pytest.raises(OSError, match="no plain file"):
        read_plain(tmp_path / kind, 10)


@pytest.mark.parametrize("kind", ["file", "pipe", "link", "nothing"])
def test_a_file_is_put_in_the_place_of_whatever_stands_there(tmp_path: Path, kind: str) -> None:
    (tmp_path / "file").write_bytes(b"older")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("file")
    replace_plain(tmp_path / kind, b"new")
    assert read_plain(tmp_path / kind, 10) == b"new"


def test_what_a_link_points_to_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "link").symlink_to("theirs")
    replace_plain(tmp_path / "link", b"new")
    assert (tmp_path / "theirs").read_bytes() == b"theirs"


def test_a_file_that_cannot_be_put_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        replace_plain(tmp_path / "folder", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
