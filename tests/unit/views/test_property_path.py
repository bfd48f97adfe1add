"""Property paths."""

from __future__ import annotations

import pytest

from tideform.views.property_path import Path, parse


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("bucket", ("bucket",)),
        ("rules[0].days", ("rules", 0, "days")),
        ('tags["a.b"]', ("tags", "a.b")),
        ('["x"].y', ("x", "y")),
        (r'tags["say \"hi\""]', ("tags", 'say "hi"')),
        ("a-b_c.d", ("a-b_c", "d")),
        ("", ()),
        ("broken[", ("broken[",)),
    ],
)
def test_paths_are_read(text: str, path: Path) -> None:
    assert parse(text) == path
