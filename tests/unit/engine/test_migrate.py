"""A state that moves: copied whole, proved, and never lost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.plan.making import deployment
from tideform.errors import CloudError, RefusedError
from tideform.state import checkpoint
from tideform.state.checkpoint import FolderBlobs
from tideform.state.migrate import move, moved_to, pointer_key, refuse_moved

DEMO = deployment()
OWNER = ("demo", "dev")
ROLE = b'{"type": "aws:iam/role:Role", "urn": "u", "custom": true}'
FULL = b'{"version": 3, "checkpoint": {"latest": {"resources": [%s]}}}' % ROLE
KEY = ".pulumi/stacks/tideform-storage/demo-dev.json"


def of(project: str, *environments: str) -> bytes:
    """A state whose tags tell whose it is."""
    tags = [{"tideform:project": project, "tideform:environment": one} for one in environments]
    role = {"type": "aws:iam/role:Role", "urn": "u", "custom": True}
    roles = [{**role, "inputs": {"tags": one}} for one in tags]
    return json.dumps({"version": 3, "checkpoint": {"latest": {"resources": roles}}}).encode()


def place(folder: Path, content: bytes = FULL, stack: str = "demo-dev", layer: str = "storage") -> FolderBlobs:
    made = FolderBlobs(folder)
    made.write(checkpoint.key_of(f"tideform-{layer}", stack), content)
    made.write(".pulumi/meta.yaml", b"version: 1\n")
    return made


def code_of(error: pytest.ExceptionInfo[RefusedError] | pytest.ExceptionInfo[CloudError]) -> str:
    return error.value.diagnostics[0].code


def test_a_state_arrives_whole_and_the_old_place_keeps_its_copy_and_says_where_it_went(tmp_path: Path) -> None:
    old, new = place(tmp_path / "old"), FolderBlobs(tmp_path / "new")
    assert move(old, new, DEMO, to="s3://new") == 1
    assert (new.read(KEY), new.read(".pulumi/meta.yaml"), old.read(KEY)) == (FULL, b"version: 1\n", FULL)
    refuse_moved(new, OWNER)
    with pytest.raises(RefusedError, match="moved") as caught:
        refuse_moved(old, OWNER)
    assert (code_of(caught), "s3://new" in caught.value.diagnostics[0].fix) == ("TD416", True)


def test_another_projects_stacks_stay_where_they_are(tmp_path: Path) -> None:
    old, new = place(tmp_path / "old"), FolderBlobs(tmp_path / "new")
    place(tmp_path / "old", stack="other-dev")
    move(old, new, DEMO, to="s3://new")
    assert list(checkpoint.stacks(new)) == [("tideform-storage", DEMO.name)]
    refuse_moved(old, ("other", "dev"))


def test_what_was_moved_away_can_come_back_without_what_was_removed_meanwhile(tmp_path: Path) -> None:
    old, new = place(tmp_path / "old"), FolderBlobs(tmp_path / "new")
    place(tmp_path / "old", stack="demo-dev-gone", layer="training")
    move(old, new, DEMO, to="s3://new")
    (tmp_path / "new" / ".pulumi/stacks/tideform-training/demo-dev-gone.json").unlink()
    move(new, old, DEMO, to="s3://old")
    refuse_moved(old, OWNER)
    gone = checkpoint.read(old, "tideform-training", "demo-dev-gone")
    assert gone is not None
    assert (gone.empty, old.read(KEY)) == (True, FULL)


def test_what_begins_with_the_same_name_and_is_anothers_stays_where_it_is(tmp_path: Path) -> None:
    old, new = place(tmp_path / "old"), FolderBlobs(tmp_path / "new")
    old.write(checkpoint.key_of("tideform-training", "demo-dev-eu-fit"), of("demo", "dev-eu"))
    move(old, new, DEMO, to="s3://new")
    assert list(checkpoint.stacks(new)) == [("tideform-storage", DEMO.name)]


def test_what_may_be_anothers_is_neither_copied_nor_left_to_nobody(tmp_path: Path) -> None:
    old, new = place(tmp_path / "old"), FolderBlobs(tmp_path / "new")
    old.write(checkpoint.key_of("tideform-training", "demo-dev-eu-fit"), of("demo", "dev", "dev-eu"))
    with pytest.raises(RefusedError) as caught:
        move(old, new, DEMO, to="s3://new")
    assert (code_of(caught), list(checkpoint.stacks(new))) == ("TD421", [])
    refuse_moved(old, OWNER)


def test_what_may_be_anothers_there_is_not_written_over(tmp_path: Path) -> None:
    old, new = FolderBlobs(tmp_path / "old"), FolderBlobs(tmp_path / "new")
    key = checkpoint.key_of("tideform-training", "demo-dev-eu-fit")
    old.write(key, of("demo", "dev"))
    new.write(key, of("demo", "dev", "dev-eu"))
    new.write(pointer_key(OWNER), json.dumps({"to": "s3://old", "of": OWNER}).encode())  # ours was moved away once
    with pytest.raises(RefusedError) as caught:
        move(old, new, DEMO, to="s3://new")
    assert (code_of(caught), new.read(key)) == ("TD409", of("demo", "dev", "dev-eu"))


def test_what_another_project_and_environment_keep_there_under_the_same_name_is_not_written_over(
    tmp_path: Path,
) -> None:
    old, new = place(tmp_path / "old"), place(tmp_path / "new", of("other", "dev"))
    with pytest.raises(RefusedError) as caught:
        move(old, new, DEMO, to="s3://new")
    assert (code_of(caught), new.read(KEY)) == ("TD409", of("other", "dev"))


def test_a_pointer_of_another_project_and_environment_with_the_same_name_moves_nobody_else(tmp_path: Path) -> None:
    old, demo = place(tmp_path / "old", stack="demo-eu-dev"), replace(DEMO, environment="eu-dev")
    move(old, FolderBlobs(tmp_path / "new"), demo, to="s3://new")
    assert (moved_to(old, ("demo", "eu-dev")), moved_to(old, ("demo-eu", "dev"))) == ("s3://new", None)


def test_nothing_to_move_is_no_move(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as caught:
        move(FolderBlobs(tmp_path / "old"), FolderBlobs(tmp_path / "new"), DEMO, to="s3://new")
    assert code_of(caught) == "TD408"


def test_another_state_is_not_written_over(tmp_path: Path) -> None:
    old, new = place(tmp_path / "old"), place(tmp_path / "new", FULL.replace(b"Role", b"User"))
    with pytest.raises(RefusedError) as caught:
        move(old, new, DEMO, to="s3://new")
    assert code_of(caught) == "TD409"
    refuse_moved(old, OWNER)


def test_a_move_that_was_cut_short_is_gone_on_with(tmp_path: Path) -> None:
    old, new = place(tmp_path / "old"), place(tmp_path / "new")
    assert move(old, new, DEMO, to="s3://new") == 1


def test_what_does_not_arrive_leaves_the_old_place_the_one_that_counts(tmp_path: Path) -> None:
    class Forgetful(FolderBlobs):
        def write(self, key: str, content: bytes) -> None:
            super().write(key, content[:-1])

    old = place(tmp_path / "old")
    with pytest.raises(CloudError) as caught:
        move(old, Forgetful(tmp_path / "new"), DEMO, to="s3://new")
    assert code_of(caught) == "TD410"
    refuse_moved(old, OWNER)
