"""Tags fit all services at once."""

from __future__ import annotations

from pathlib import Path

from tideform.errors import SpecError
from tideform.spec.load import load_source
from tideform.spec.source import decode

HEAD = "version: 1\nproject: p\nowner: me\nregion: us-east-1\n"


def told(tags: str) -> list[tuple[str, str, str]]:
    try:
        load_source(decode(f"{HEAD}tags: {tags}\n".encode(), "x"), Path("x"))
    except SpecError as error:
        return [(one.code, one.path, one.detail) for one in error.diagnostics]
    return []


def test_the_second_of_two_spellings_is_told_with_the_first() -> None:
    [(code, path, detail)] = told("{CostCenter: a, costcenter: b}")
    assert (code, path) == ("TD145", "tags.costcenter")
    assert detail.startswith("IAM takes it for CostCenter")
