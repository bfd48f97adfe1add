"""A state that moves: copied whole, proved, and never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tideform.engine import checkpoint
from tideform.engine.checkpoint import FolderBlobs
from tideform.engine.migrate import move, refuse_moved
from tideform.errors import CloudError, RefusedError

NAME = "demo-dev"
FULL = b'{"version": 3, "checkpoint": {"latest": {"resources": [{"type": "aws:iam/role:Role", "urn": "u"}]}}}'
KEY = ".pulumi/stacks/tideform-storage/demo-dev.json"


def place(folder: Path, content: bytes = FULL, stack: str = "demo-dev") -> FolderBlobs:
    made = FolderBlobs(folder)
    made.write(checkpoint.key_of("tideform-storage", stack), content)
    made.write(".pulumi/meta.yaml", b"version: 1\n")
    return made


def code_of(error: pytest.ExceptionInfo[RefusedError] | pytest.ExceptionInfo[CloudError]) -> str:
    return error.value.diagnostics[0].code


def test_a_state_arrives_whole_and_the_old_place_keeps_its_copy_and_says_where_it_went(tmp_path: Path) -> None:
    old, new = place(tmp_path / "old"), FolderBlobs(tmp_path / "new")
    assert move(old, new, name=NAME, to="s3://new") == 1
    assert (new.read(KEY), new.read(".pulumi/meta.yaml"), old.read(KEY)) == (FULL, b"version: 1\n", FULL)
    refuse_moved(new, NAME)
    with pytest.raises(RefusedError, match="moved") as caught:
        refuse_moved(old, NAME)
    assert (code_of(caught), "s3://new" in caught.value.diagnostics[0].fix) == ("TD416", True)


def test_another_projects_stacks_stay_where_they_are(tmp_path: Path) -> None:
    old, new = place(tmp_path / "old"), FolderBlobs(tmp_path / "new")
    place(tmp_path / "old", stack="other-dev")
    move(old, new, name=NAME, to="s3://new")
    assert list(checkpoint.stacks(new)) == [("tideform-storage", NAME)]
    refuse_moved(old, "other-dev")


def test_what_was_moved_away_can_come_back_without_what_was_removed_meanwhile(tmp_path: Path) -> None:
    old, new = place(tmp_path / "old"), FolderBlobs(tmp_path / "new")
    place(tmp_path / "old", stack="demo-dev-gone")
    move(old, new, name=NAME, to="s3://new")
    (tmp_path / "new" / ".pulumi/stacks/tideform-storage/demo-dev-gone.json").unlink()
    move(new, old, name=NAME, to="s3://old")
    refuse_moved(old, NAME)
    gone = checkpoint.read(old, "tideform-storage", "demo-dev-gone")
    assert gone is not None
    assert (gone.empty, old.read(KEY)) == (True, FULL)


def test_nothing_to_move_is_no_move(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as caught:
        move(FolderBlobs(tmp_path / "old"), FolderBlobs(tmp_path / "new"), name=NAME, to="s3://new")
    assert code_of(caught) == "TD408"


def test_another_state_is_not_written_over(tmp_path: Path) -> None:
    old, new = place(tmp_path / "old"), place(tmp_path / "new", FULL.replace(b"Role", b"User"))
    with pytest.raises(RefusedError) as caught:
        move(old, new, name=NAME, to="s3://new")
    assert code_of(caught) == "TD409"
    refuse_moved(old, NAME)


def test_a_move_that_was_cut_short_is_gone_on_with(tmp_path: Path) -> None:
    old, new = place(tmp_path / "old"), place(tmp_path / "new")
    assert move(old, new, name=NAME, to="s3://new") == 1


def test_what_does_not_arrive_leaves_the_old_place_the_one_that_counts(tmp_path: Path) -> None:
    class Forgetful(FolderBlobs):
        def write(self, key: str, content: bytes) -> None:
            super().write(key, content[:-1])

    old = place(tmp_path / "old")
    with pytest.raises(CloudError) as caught:
        move(old, Forgetful(tmp_path / "new"), name=NAME, to="s3://new")
    assert code_of(caught) == "TD410"
    refuse_moved(old, NAME)
