"""A local state's key goes along with it, and takes no other state's place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.plan.making import deployment
from tideform.engine.place import Place, bring_along, place_of, refuse_other_key
from tideform.errors import RefusedError
from tideform.state import checkpoint

DEMO = deployment()


def place(root: Path, name: str, key: str | None, stack: str | None = "other-dev") -> Place:
    folder = root / name
    folder.mkdir()
    if key is not None:
        (folder / "passphrase").write_text(key)
    found = place_of(replace(DEMO, spec_file=root / "tideform.yaml"), str(folder))
    if stack is not None:
        found.blobs.write(checkpoint.key_of("tideform-storage", stack), b'{"checkpoint": {}}')
    return found


def test_a_key_is_copied_to_where_none_is(tmp_path: Path) -> None:
    old, new = place(tmp_path, "old", "one"), place(tmp_path, "new", None, stack=None)
    refuse_other_key(DEMO, old, new)
    bring_along(old, new)
    assert (tmp_path / "new" / "passphrase").read_text() == "one"


def test_a_state_that_comes_back_finds_its_own_key(tmp_path: Path) -> None:
    refuse_other_key(DEMO, place(tmp_path, "old", "one"), place(tmp_path, "new", "one"))


def test_the_key_of_a_place_in_which_nothing_is_may_go(tmp_path: Path) -> None:
    refuse_other_key(DEMO, place(tmp_path, "old", "one"), place(tmp_path, "new", "two", stack=None))


def test_what_is_ours_there_alone_has_no_key_to_keep(tmp_path: Path) -> None:
    refuse_other_key(DEMO, place(tmp_path, "old", "one"), place(tmp_path, "new", "two", stack="demo-dev"))


def test_the_key_of_another_state_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as caught:
        refuse_other_key(DEMO, place(tmp_path, "old", "one"), place(tmp_path, "new", "two"))
    assert caught.value.diagnostics[0].code == "TD409"
