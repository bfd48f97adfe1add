"""A folder of checkpoints holds whole ones only, whatever happened to those who wrote it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.checkpoint.killed import FOREVER, SAVE, killed_soon, whole
from tideform.checkpoint.folder import Folder


def text(words: str) -> Callable[[Path], int]:
    return lambda path: path.write_text(words)


def tree(path: Path) -> None:
    (path / "shards").mkdir(parents=True)
    (path / "shards" / "0").write_text("zero")
    (path / "model").write_text("model")


def test_an_absent_folder_has_no_checkpoint(tmp_path: Path) -> None:
    assert Folder(tmp_path / "none").latest() is None


def test_the_latest_is_that_of_the_highest_step(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for step in (9, 100, 20):
        folder.save(step, text(str(step)))
    latest = folder.latest()
    assert latest is not None
    assert (latest.step, latest.path.read_text()) == (100, "100")


def test_a_step_that_is_saved_again_does_not_touch_the_first(tmp_path: Path) -> None:
    first = Folder(tmp_path).save(7, text("first"), ".pt")
    again = Folder(tmp_path).save(7, text("again"), ".pt")
    assert (first.path.read_text(), again.path.read_text()) == ("first", "again")
    assert Folder(tmp_path).latest() == again


def test_the_path_ends_as_a_framework_insists(tmp_path: Path) -> None:
    assert Folder(tmp_path).save(1, text(""), ".weights.h5").path.name.endswith(".weights.h5")


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fails(path: Path) -> None:
        path.write_text("half")
        raise RuntimeError("no memory")

    with pytest.raises(RuntimeError, match="no memory"):
        Folder(tmp_path).save(1, fails)
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_makes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Folder(tmp_path).save(1, lambda path: None)


@pytest.mark.parametrize("lost", ["shards/0", "model", ".contents.json"])
def test_a_folder_that_lacks_a_file_is_no_checkpoint(tmp_path: Path, lost: str) -> None:
    saved = Folder(tmp_path).save(1, tree)
    (saved.path / lost).unlink()
    assert Folder(tmp_path).latest() is None


def test_a_file_that_is_cut_short_makes_its_folder_no_checkpoint(tmp_path: Path) -> None:
    saved = Folder(tmp_path).save(1, tree)
    (saved.path / "model").write_text("mod")
    assert Folder(tmp_path).latest() is None


def test_other_files_are_no_checkpoints(tmp_path: Path) -> None:
    for name in ("step-1", "step-last", "notes.txt", ".writing-abc"):
        (tmp_path / name).write_text("")
    assert Folder(tmp_path).all() == []


@given(steps=st.lists(st.integers(0, 10**15), min_size=1, max_size=8), keep=st.integers(1, 4))
def test_rotation_keeps_the_last_ones(tmp_path_factory: pytest.TempPathFactory, steps: list[int], keep: int) -> None:
    folder = Folder(tmp_path_factory.mktemp("rotation"))
    for step in steps:
        folder.save(step, text(str(step)))
    folder.keep(keep)
    assert [found.step for found in folder.all()] == sorted(steps)[-keep:]


def test_a_save_that_is_killed_at_any_moment_leaves_the_last_whole_one(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    chance, told = random.Random(seed), 0
    for _ in range(12):
        told = killed_soon(SAVE + FOREVER, str(tmp_path), chance=chance)
        assert whole(tmp_path).step in (told, told + 1)  # the next may have appeared without being told
    assert told >= 12


def test_what_killed_processes_left_aside_goes(tmp_path: Path) -> None:
    (tmp_path / ".writing-1" / "step-000000000001").mkdir(parents=True)
    (tmp_path / ".removing-2").write_text("")
    Folder(tmp_path).sweep()
    assert list(tmp_path.iterdir()) == []
