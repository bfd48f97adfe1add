"""Which model version an environment serves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.components.pins import pins
from tideform.errors import RefusedError


def write(folder: Path, text: str) -> None:
    file = folder / ".tideform" / "dev" / "pins.json"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")


def test_there_are_none_to_begin_with(tmp_path: Path) -> None:
    assert pins(deployment_of(FULL, tmp_path)) == {}
    assert not (tmp_path / ".tideform").exists()


def test_pins_are_read(tmp_path: Path) -> None:
    write(tmp_path, '{"score": "score/3/model.tar.gz"}')
    assert pins(deployment_of(FULL, tmp_path)) == {"score": "score/3/model.tar.gz"}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"score": 3}', '{"score": null}'])
def test_a_broken_file_is_told_and_not_taken_for_none(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    with pytest.raises(RefusedError):
        pins(deployment_of(FULL, tmp_path))
