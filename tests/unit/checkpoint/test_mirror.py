"""The copy in S3: what changed goes up, what rotation removed goes, and what comes back is whole."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.checkpoint.killed import FOREVER_MIRRORED, SAVE, killed_soon, whole
from tideform.checkpoint.folder import Folder
from tideform.checkpoint.mirror import Mirror

Mirrors = Callable[[Path], Mirror]


def keys(mirror: Mirror) -> list[str]:
    start = mirror.uri.removeprefix(f"s3://{mirror.bucket}/")
    found = mirror.s3.list_objects_v2(Bucket=mirror.bucket).get("Contents", [])
    return sorted(entry["Key"].removeprefix(f"{start}/") for entry in found)


def save(folder: Path, step: int) -> None:
    Folder(folder).save(step, lambda path: path.write_text(str(step)))


def test_what_was_pushed_comes_back_elsewhere(tmp_path: Path, mirror: Mirrors) -> None:
    save(tmp_path / "a", 3)
    (tmp_path / "a" / "plain").mkdir()
    (tmp_path / "a" / "plain" / "file").write_text("words")
    mirror(tmp_path / "a").push()
    assert mirror(tmp_path / "b").pull() == 2
    found = Folder(tmp_path / "b").latest()
    assert found is not None
    assert (found.step, (tmp_path / "b" / "plain" / "file").read_text()) == (3, "words")


def test_only_what_changed_is_sent(tmp_path: Path, mirror: Mirrors) -> None:
    copy = mirror(tmp_path)
    save(tmp_path, 1)
    (tmp_path / "log").write_text("one")
    first = copy.push()
    (tmp_path / "log").write_text("one two")
    assert (first, copy.push(), copy.push()) == (2, 1, 0)


def test_what_came_back_is_not_sent_again(tmp_path: Path, mirror: Mirrors) -> None:
    save(tmp_path / "a", 1)
    mirror(tmp_path / "a").push()
    again = mirror(tmp_path / "b")
    again.pull()
    assert again.push() == 0


def test_plain_files_can_wait_for_the_interval(tmp_path: Path, mirror: Mirrors) -> None:
    save(tmp_path, 1)
    (tmp_path / "half-written").write_text("ha")
    copy = mirror(tmp_path)
    copy.push(checkpoints_only=True)
    assert keys(copy) == ["step-000000000001"]


def test_a_rotated_checkpoint_goes_from_the_copy_and_a_plain_file_stays(tmp_path: Path, mirror: Mirrors) -> None:
    copy = mirror(tmp_path)
    (tmp_path / "plain").write_text("")
    for step in (1, 2):
        save(tmp_path, step)
    copy.push()
    Folder(tmp_path).keep(1)
    (tmp_path / "plain").unlink()
    copy.push()
    assert keys(copy) == ["plain", "step-000000000002"]


def test_what_somebody_else_put_there_stays(tmp_path: Path, mirror: Mirrors, s3: Any) -> None:
    copy = mirror(tmp_path)
    s3.put_object(Bucket=copy.bucket, Key="fit/run-1/step-000000000009", Body=b"of another")
    save(tmp_path, 1)
    copy.push()
    assert "step-000000000009" in keys(copy)


def test_notes_and_what_is_being_written_are_not_mirrored(tmp_path: Path, mirror: Mirrors) -> None:
    for name in (".tideform/save-now", ".writing-1/step-000000000001"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("")
    copy = mirror(tmp_path)
    copy.push()
    assert keys(copy) == []


def test_a_newer_file_here_is_not_replaced_by_its_copy(tmp_path: Path, mirror: Mirrors) -> None:
    (tmp_path / "log").write_text("old")
    mirror(tmp_path).push()
    (tmp_path / "log").write_text("newer")
    import os

    os.utime(tmp_path / "log", (4e9, 4e9))
    mirror(tmp_path).pull()
    assert (tmp_path / "log").read_text() == "newer"


def test_a_checkpoint_that_is_rotated_away_while_it_is_fetched_gives_way_to_the_next(
    tmp_path: Path, mirror: Mirrors, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = mirror(tmp_path / "a"), mirror(tmp_path / "b")
    save(tmp_path / "a", 1)
    here.push()
    stale = list(there._remote())
    (tmp_path / "a" / stale[0][0]).unlink()
    save(tmp_path / "a", 2)
    here.push()
    listings = iter([stale, list(there._remote())])
    monkeypatch.setattr(there, "_remote", lambda: next(listings))
    assert there.pull() == 1
    found = Folder(tmp_path / "b").latest()
    assert found is not None
    assert found.step == 2


def test_a_wish_has_another_name_each_time_it_is_left(tmp_path: Path, mirror: Mirrors) -> None:
    copy = mirror(tmp_path)
    before = copy.wish()
    copy.ask("its lease ends")
    assert before == ""
    assert copy.wish().startswith("its lease ends@")


def test_a_mirror_that_is_killed_at_any_moment_leaves_the_last_whole_one(
    tmp_path: Path, mirror: Mirrors, uri: str, environ: dict[str, str]
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for life in range(6):  # each on a new machine: nothing but the copy outlives it
        told = killed_soon(SAVE + FOREVER_MIRRORED, str(tmp_path / f"{life}"), uri, chance=chance, environ=environ)
        mirror(tmp_path / f"{life}-back").pull()
        assert whole(tmp_path / f"{life}-back").step in (told, told + 1)
